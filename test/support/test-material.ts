import type { TlsMaterial, TlsMaterialSource } from "../../src/core/tls-material.ts";

/** Material that a test replaces. */
export class TestMaterial implements TlsMaterialSource {
  readonly listeners = new Set<() => void>();
  #material: TlsMaterial | undefined;

  constructor(first?: TlsMaterial) {
    this.#material = first;
  }

  current(): TlsMaterial | undefined {
    return this.#material;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  set(material: TlsMaterial | undefined): void {
    this.#material = material;
    for (const listener of this.listeners) listener();
  }
}
