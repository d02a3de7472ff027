import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BedApi } from "../api.ts";
import type { PodPlace } from "./downward.ts";
import type { ObjectStore } from "./keyed-objects.ts";
import type { Pod, TokenSource, VolumeSpec } from "./pod.ts";
import { type IssuedToken, requestToken } from "./service-account-token.ts";
import { type VolumeOwner, writeVolumeFiles } from "./volume-files.ts";
import { hasPayload, tokensOf, type VolumeFile, volumePayload } from "./volume-payload.ts";

export interface PodVolumesInput {
  readonly api: BedApi;
  readonly objects: ObjectStore;
  readonly directory: string;
  readonly place: PodPlace;
}

/** The volumes of one pod: made once, and refreshed while the pod lives. */
export class PodVolumes {
  readonly #input: PodVolumesInput;
  #pod: Pod;
  readonly #tokens = new Map<string, IssuedToken>();
  readonly #written = new Map<string, string>();
  #tokenTimer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => {};

  constructor(pod: Pod, input: PodVolumesInput) {
    this.#pod = pod;
    this.#input = input;
  }

  /** Where a volume's files lie. */
  source(name: string): string {
    const volume = this.#pod.spec.volumes?.find((candidate) => candidate.name === name);
    return volume?.hostPath?.path ?? join(this.#input.directory, name);
  }

  /** Makes every volume. Answers what is missing, in words, until nothing is; then the volumes follow their sources. */
  async setUp(): Promise<string | undefined> {
    for (const volume of this.#pod.spec.volumes ?? []) {
      const problem = hasPayload(volume) ? await this.#setUpPayload(volume) : this.#setUpFolder(volume);
      if (problem !== undefined) return `volume ${volume.name}: ${problem}`;
    }
    this.#unsubscribe = this.#input.objects.subscribe(this.#pod.metadata.namespace ?? "", () => this.refresh());
    this.#scheduleTokens();
    return undefined;
  }

  /** The pod's labels and annotations may have changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (this.#written.size > 0) this.refresh();
  }

  /** Writes the files of every volume whose sources have changed. A source that went away leaves the last files. */
  refresh(): void {
    for (const volume of this.#pod.spec.volumes ?? []) if (hasPayload(volume)) this.#write(volume);
  }

  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#tokenTimer);
  }

  #setUpFolder(volume: VolumeSpec): string | undefined {
    if (volume.hostPath !== undefined) return undefined;
    if (volume.emptyDir === undefined) return "this kind of volume is not supported here";
    const folder = this.source(volume.name);
    mkdirSync(folder, { recursive: true });
    const group = this.#pod.spec.securityContext?.fsGroup;
    if (group !== undefined) chownSync(folder, 0, group);
    chmodSync(folder, group === undefined ? 0o777 : 0o2777);
    return undefined;
  }

  async #setUpPayload(volume: VolumeSpec): Promise<string | undefined> {
    for (const source of tokensOf(volume)) {
      if (this.#tokens.has(tokenKey(source))) continue;
      try {
        this.#tokens.set(tokenKey(source), await requestToken(this.#input.api, this.#pod, source));
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }
    return this.#write(volume);
  }

  #write(volume: VolumeSpec): string | undefined {
    const payload = volumePayload(volume, {
      pod: this.#pod,
      place: this.#input.place,
      objects: this.#input.objects,
      token: (source) => this.#tokens.get(tokenKey(source))?.token,
    });
    if (payload.kind === "missing") return payload.message;
    const content = contentKey(payload.files);
    if (this.#written.get(volume.name) === content) return undefined;
    writeVolumeFiles(this.source(volume.name), payload.files, ownerOf(this.#pod));
    this.#written.set(volume.name, content);
    return undefined;
  }

  #scheduleTokens(): void {
    const soonest = Math.min(...[...this.#tokens.values()].map(({ refreshAt }) => refreshAt));
    if (!Number.isFinite(soonest)) return;
    const wait = Math.min(Math.max(soonest - Date.now(), 1000), 2 ** 31 - 1);
    this.#tokenTimer = setTimeout(() => void this.#renewTokens(), wait);
  }

  async #renewTokens(): Promise<void> {
    for (const source of (this.#pod.spec.volumes ?? []).flatMap(tokensOf)) {
      if ((this.#tokens.get(tokenKey(source))?.refreshAt ?? 0) > Date.now()) continue;
      try {
        this.#tokens.set(tokenKey(source), await requestToken(this.#input.api, this.#pod, source));
      } catch {
        // The old token is still good for a fifth of its life; the next round is in a second.
      }
    }
    this.refresh();
    this.#scheduleTokens();
  }
}

function tokenKey(source: TokenSource): string {
  return `${source.audience ?? ""}\0${source.expirationSeconds ?? ""}\0${source.path}`;
}

function contentKey(files: ReadonlyMap<string, VolumeFile>): string {
  return JSON.stringify([...files].map(([path, file]) => [path, file.mode, file.bytes.toString("base64")]));
}

function ownerOf(pod: Pod): VolumeOwner {
  const { fsGroup, runAsUser } = pod.spec.securityContext ?? {};
  const users = new Set(
    [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(
      ({ securityContext }) => securityContext?.runAsUser ?? runAsUser,
    ),
  );
  return { group: fsGroup, user: users.size === 1 ? [...users][0] : undefined };
}
