/**
 * Spellings of a request that proxies refuse, as regular expressions for the whole of a text: what a proxy is told and what the
 * model of routing asks are the same words.
 */

/** A hostname or an address with perhaps a port: `name`, `name:80`, `[::1]:80`, or nothing. */
export const properAuthority = String.raw`([\w-]+(\.[\w-]+)*|\[[0-9A-Fa-f:.]+\])?(:[0-9]{1,5})?`;

/** A path with a segment such as `..;v=1`, which some backends take for `..`. */
export const dotsWithParameters = String.raw`.*/\.{1,2};.*`;
