import { readFile } from "node:fs/promises";
import { Delivery } from "./delivery.ts";
import { DirectoryWatcher } from "./directory-watcher.ts";
import { deadlineOf, expiredFileState, type FileState, nextFileState } from "./file-state.ts";
import { type FileStamp, isOutOfSight, reasonOf, rescanFiles, sameScan, scanTree, type TreeScan } from "./file-tree.ts";
import { ManifestIndex } from "./manifest-index.ts";
import type { ObjectSink, ObjectSource, SourceProblem } from "./object-source.ts";
import { formatProblem } from "./problem.ts";

/** What a source of manifests reads, and how. */
export interface FileSourceOptions {
  /** The folder of manifests; folders in it are read too. */
  readonly directory: string;
  readonly log?: SourceLog;
  /** How long vanished objects and half written files are waited for. */
  readonly graceMs?: number;
  /** How long after a first change others are waited for, to be taken together. */
  readonly debounceMs?: number;
  /** How often the folder is looked through for changes that went unheard. */
  readonly pollMs?: number;
}

/** Where a source tells what it does. */
export interface SourceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The folder of manifests cannot be read at all. */
export class ManifestFolderError extends Error {}

/** Makes a source of the objects in a folder of YAML and JSON files, which it watches. */
export function createFileSource(options: FileSourceOptions): ObjectSource {
  return new FileSource(options);
}

const largestFile = 16 * 1024 * 1024;
/** A file written this shortly before it was read may be written again without a new time. */
const racyMs = 50;
const mostAttempts = 5;

/** What a look at the folder found: files to read, and the scan that they belong to. */
interface Look {
  readonly scan: TreeScan;
  readonly texts: ReadonlyMap<string, { readonly stamp: FileStamp; readonly read: ReadText }>;
}

type TimerName = "change" | "recheck" | "grace" | "poll";

type ReadText = { readonly text: string } | { readonly problem: string };

class FileSource implements ObjectSource {
  readonly #directory: string;
  readonly #log: SourceLog | undefined;
  readonly #grace: number;
  readonly #debounce: number;
  readonly #poll: number;
  readonly #watcher: DirectoryWatcher;
  readonly #index = new ManifestIndex();
  readonly #states = new Map<string, FileState>();
  /** Paths of the states with problems, and of those with something to let go of. */
  readonly #faulty = new Set<string>();
  readonly #temporary = new Set<string>();
  readonly #stamps = new Map<string, string>();
  readonly #unread = new Map<string, string>();
  readonly #timers = new Map<TimerName, NodeJS.Timeout>();
  /** Paths that may have changed; "all" when it may be anything. */
  #suspects: Set<string> | "all" = "all";
  #scan: TreeScan = { files: new Map(), directories: new Map(), unreadable: new Map() };
  /** Every manifest that is there: the last scan may have looked at some of them only. */
  #present = new Set<string>();
  /** Paths that are read once more when they have been at rest for a while. */
  readonly #racy = new Set<string>();
  #delivery: Delivery | undefined;
  #onBatch: () => void = () => {};
  #told: ReadonlySet<string> = new Set();
  #working: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor({ directory, log, graceMs = 1000, debounceMs = 20, pollMs = 2000 }: FileSourceOptions) {
    this.#directory = directory;
    this.#log = log;
    this.#grace = graceMs;
    this.#debounce = debounceMs;
    this.#poll = pollMs;
    this.#watcher = new DirectoryWatcher(directory, (path) => this.#suspect(path));
  }

  async start(sink: ObjectSink, onBatch: () => void): Promise<void> {
    const first = await scanTree(this.#directory);
    const reason = first.unreadable.get("");
    if (reason !== undefined) throw new ManifestFolderError(`cannot read the folder ${this.#directory}: ${reason}`);
    if (this.#stopped) return;
    this.#watcher.follow(first.directories);
    this.#delivery = new Delivery(sink);
    const look = await this.#look("all");
    // Stopped meanwhile: nothing may be opened, or nobody would close it.
    if (this.#stopped) return;
    this.#apply(look);
    this.#deliver();
    onBatch();
    this.#onBatch = onBatch;
    this.#log?.info({ directory: this.#directory, files: this.#states.size }, "manifests read");
    this.#pollLater(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watcher.close();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#working;
  }

  problems(): readonly SourceProblem[] {
    return [
      ...[...this.#unread].sort().map(([file, message]) => ({ file: file === "" ? "." : file, message })),
      ...[...this.#faulty].sort().flatMap((path) => this.#states.get(path)?.problems ?? []),
      ...this.#index.duplicates(),
    ];
  }

  #suspect(path: string | undefined): void {
    if (path === undefined || this.#suspects === "all") this.#suspects = "all";
    else this.#suspects.add(path);
    if (!this.#timers.has("change")) this.#later("change", this.#debounce, () => this.#refresh());
  }

  /** Work is done one piece after the other: reading takes time, and objects are delivered in order. */
  #run(work: () => Promise<void> | void): void {
    this.#working = this.#working.then(work).catch((error: unknown) => {
      if (this.#log !== undefined) this.#log.error({ error }, "bug: the folder of manifests could not be taken in");
      // Nobody would hear of it: let it end the process.
      else
        queueMicrotask(() => {
          throw error;
        });
    });
  }

  #refresh(): void {
    this.#run(async () => {
      if (this.#stopped) return;
      const suspects = this.#suspects;
      this.#suspects = new Set();
      const look = await this.#look(suspects);
      if (this.#stopped) return;
      this.#apply(look);
      this.#finish();
    });
  }

  #recheck(): void {
    if (this.#suspects !== "all") for (const path of this.#racy) this.#suspects.add(path);
    this.#racy.clear();
    this.#refresh();
  }

  #expire(): void {
    this.#run(() => {
      const timing = { now: performance.now(), grace: this.#grace };
      for (const path of [...this.#temporary]) {
        const state = this.#states.get(path);
        if (state !== undefined) this.#setState(path, expiredFileState(path, state, timing));
      }
      this.#finish();
    });
  }

  #finish(): void {
    if (this.#stopped) return;
    if (this.#deliver() > 0) this.#onBatch();
  }

  /**
   * Finds and reads what changed. A scan before and one after the reading must agree: so the swap of a mount's link is
   * seen either not at all or as a whole.
   */
  async #look(suspects: ReadonlySet<string> | "all"): Promise<Look> {
    for (let attempt = 1; ; attempt++) {
      const scan = await this.#scanFor(suspects);
      const texts = await this.#readChanged(scan);
      if (attempt === mostAttempts || sameScan(scan, await this.#scanFor(suspects))) return { scan, texts };
    }
  }

  async #scanFor(suspects: ReadonlySet<string> | "all"): Promise<TreeScan> {
    const partial = suspects === "all" ? undefined : await rescanFiles(this.#directory, this.#scan, suspects);
    return partial ?? scanTree(this.#directory);
  }

  async #readChanged(scan: TreeScan): Promise<Look["texts"]> {
    const changed = [...scan.files].filter(([path, { stamp }]) => this.#stamps.get(path) !== stamp);
    const texts = changed.map(async ([path, stamp]) => [path, { stamp, read: await readText(stamp) }] as const);
    return new Map(await Promise.all(texts));
  }

  #apply({ scan, texts }: Look): void {
    // What is waited for goes by the clock that nobody sets, and the age of a file by the one that files go by.
    const [now, wallClock] = [performance.now(), Date.now()];
    this.#take(scan);
    for (const path of [...this.#unread.keys()]) {
      if (!this.#present.has(path) || texts.has(path)) this.#unread.delete(path);
    }
    for (const [path, reason] of scan.unreadable) this.#unread.set(path, `cannot be read: ${reason}`);
    for (const path of [...(scan.only ?? this.#states.keys())]) {
      const state = this.#states.get(path);
      if (state === undefined || this.#present.has(path) || isOutOfSight(scan, path)) continue;
      this.#stamps.delete(path);
      this.#setState(path, nextFileState(path, state, { text: undefined, now, grace: this.#grace }));
    }
    for (const [path, { stamp, read }] of texts) {
      if (wallClock - stamp.modified < racyMs && wallClock >= stamp.modified) this.#racy.add(path);
      else this.#stamps.set(path, stamp.stamp);
      if ("problem" in read) this.#unread.set(path, read.problem);
      else
        this.#setState(path, nextFileState(path, this.#states.get(path), { text: read.text, now, grace: this.#grace }));
    }
    const unheard = this.#watcher.follow(scan.directories);
    if (unheard) this.#suspect(undefined);
    if (this.#racy.size > 0) this.#later("recheck", racyMs + 10, () => this.#recheck());
  }

  #take(scan: TreeScan): void {
    this.#scan = scan;
    if (scan.only === undefined) this.#present = new Set(scan.files.keys());
    else for (const path of scan.only) mark(this.#present, path, scan.files.has(path));
  }

  #setState(path: string, state: FileState): void {
    const before = this.#states.get(path);
    if (before === state) return;
    const gone = state.claims.size === 0 && !this.#present.has(path) && !isOutOfSight(this.#scan, path);
    if (gone) this.#states.delete(path);
    else this.#states.set(path, state);
    mark(this.#faulty, path, !gone && state.problems.length > 0);
    mark(this.#temporary, path, !gone && deadlineOf(state) !== undefined);
    if (before?.claims !== state.claims) this.#index.replace(path, state.claims);
  }

  #deliver(): number {
    const changes = this.#delivery?.update(this.#index.takeDirty(), (key) => this.#index.get(key)) ?? 0;
    this.#expireLater();
    this.#tell(changes);
    return changes;
  }

  #tell(changes: number): void {
    if (this.#log === undefined) return;
    if (changes > 0) this.#log.info({ changes }, "manifests changed");
    const problems = this.problems();
    for (const problem of problems) {
      const line = formatProblem(problem);
      if (!this.#told.has(line)) this.#log.warn({ ...problem }, line);
    }
    this.#told = new Set(problems.map(formatProblem));
  }

  #expireLater(): void {
    let earliest: number | undefined;
    for (const path of this.#temporary) {
      const state = this.#states.get(path);
      const deadline = state && deadlineOf(state);
      if (deadline !== undefined && (earliest === undefined || deadline < earliest)) earliest = deadline;
    }
    if (earliest !== undefined)
      this.#later("grace", Math.max(0, earliest - performance.now()) + 1, () => this.#expire());
  }

  /** A look through a big folder takes time: it is given at most a fiftieth. */
  #pollLater(lastTook: number): void {
    this.#later("poll", Math.max(this.#poll, lastTook * 50), () => {
      const began = performance.now();
      this.#suspects = "all";
      this.#refresh();
      this.#run(() => this.#pollLater(performance.now() - began));
    });
  }

  #later(name: TimerName, delay: number, work: () => void): void {
    clearTimeout(this.#timers.get(name));
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      work();
    }, delay);
    this.#timers.set(name, timer);
  }
}

function mark(set: Set<string>, path: string, isIn: boolean): void {
  if (isIn) set.add(path);
  else set.delete(path);
}

async function readText({ absolute, size }: FileStamp): Promise<ReadText> {
  if (size > largestFile) return { problem: `is larger than ${largestFile / 1024 / 1024} MiB and is not read` };
  try {
    const bytes = await readFile(absolute);
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    return { problem: error instanceof TypeError ? "is not UTF-8 text" : `cannot be read: ${reasonOf(error)}` };
  }
}
