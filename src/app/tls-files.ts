import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createSecureContext } from "node:tls";
import type { XdsTlsFiles } from "../config.ts";
import type { TlsMaterial, TlsMaterialSource } from "../core/tls-material.ts";
import type { Logger } from "../logger.ts";
import { DirectoryWatcher } from "../watch/directory-watcher.ts";
import { secureContextOf } from "../xds/credentials.ts";

/** Of several files that are written one after the other, the first says that the others come. */
const settleMs = 200;

/** Changes that the operating system does not tell of are seen so often, in milliseconds. */
const pollMs = 10_000;

/**
 * The certificate, key and authorities of three files, which are read again when they change: plainly written over, or behind
 * a link that is moved, as the kubelet does. What does not fit together is not used: there may be more to come.
 */
export class TlsFiles implements TlsMaterialSource {
  readonly #files: XdsTlsFiles;
  readonly #log: Logger;
  readonly #watcher: DirectoryWatcher;
  readonly #listeners = new Set<() => void>();
  readonly #poll: NodeJS.Timeout;
  #material: TlsMaterial;
  #settling: NodeJS.Timeout | undefined;
  #told: string | undefined;
  #isStopped = false;

  /** Rejects when a file cannot be read. */
  static async open(files: XdsTlsFiles, log: Logger): Promise<TlsFiles> {
    return new TlsFiles(files, await readMaterial(files), log);
  }

  private constructor(files: XdsTlsFiles, material: TlsMaterial, log: Logger) {
    this.#files = files;
    this.#material = material;
    this.#log = log;
    this.#watcher = new DirectoryWatcher(dirname(files.certificate), () => this.#changed());
    this.#follow();
    this.#poll = setInterval(() => void this.#reload(), pollMs);
    this.#poll.unref();
  }

  current(): TlsMaterial {
    return this.#material;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    this.#watcher.close();
  }

  #follow(): void {
    const { certificate, key, clientAuthority } = this.#files;
    this.#watcher.follow(new Map([certificate, key, clientAuthority].map((file) => [dirname(file), "one"])));
  }

  #changed(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#reload(), settleMs);
  }

  async #reload(): Promise<void> {
    const read = await readMaterial(this.#files).catch((error: unknown) => wordsOf(error));
    if (this.#isStopped) return;
    // A folder that was away is watched again.
    this.#follow();
    if (typeof read !== "string" && isSame(read, this.#material)) return this.#tell(undefined);
    const problem = typeof read === "string" ? read : findProblem(read);
    if (problem !== undefined || typeof read === "string") return this.#tell(problem);
    this.#material = read;
    this.#told = undefined;
    this.#log.info({ file: this.#files.certificate }, "the server's certificate was read again");
    for (const listener of [...this.#listeners]) listener();
  }

  /** Says once what is wrong. */
  #tell(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#told) {
      const file = this.#files.certificate;
      this.#log.error({ file, problem }, "the server keeps the certificate that it had");
    }
    this.#told = problem;
  }
}

async function readMaterial({ certificate, key, clientAuthority }: XdsTlsFiles): Promise<TlsMaterial> {
  const [ca, cert, keyPem] = await Promise.all(
    [clientAuthority, certificate, key].map((file) => readFile(file, "utf8")),
  );
  return { ca: ca ?? "", cert: cert ?? "", key: keyPem ?? "" };
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.ca === b.ca && a.cert === b.cert && a.key === b.key;
}

function findProblem(material: TlsMaterial): string | undefined {
  if (!material.ca.includes("-----BEGIN CERTIFICATE-----")) return "there is no authority";
  try {
    createSecureContext(secureContextOf(material));
    return undefined;
  } catch (error) {
    // OpenSSL's words, such as `key values mismatch`.
    return wordsOf(error);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
