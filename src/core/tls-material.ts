/** What one end of a mutual-TLS channel trusts and shows, in PEM. */
export interface TlsMaterial {
  /** The only authorities that are trusted; the system's are not. */
  readonly ca: Buffer | string;
  readonly cert: Buffer | string;
  readonly key: Buffer | string;
}

/** Material that is replaced while its user runs. */
export interface TlsMaterialSource {
  /** Undefined until there is any; connections are refused until then. */
  current(): TlsMaterial | undefined;
  /** Calls the listener after each change; returns how to stop that. */
  onChange(listener: () => void): () => void;
}
