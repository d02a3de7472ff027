/** The version of this control plane, as package.json tells it. */
export const version = "0.1.0";
