import { type FSWatcher, watch } from "node:fs";
import { relative, sep } from "node:path";

/** Hears of changes in folders, one operating system watch per folder. It may miss some; a slow poll finds those. */
export class DirectoryWatcher {
  readonly #root: string;
  readonly #onChange: (path: string | undefined) => void;
  readonly #watchers = new Map<string, { readonly id: string; readonly watcher: FSWatcher }>();

  /** `onChange` gets the path below `root` that may have changed, or undefined when anything may have. */
  constructor(root: string, onChange: (path: string | undefined) => void) {
    this.#root = root;
    this.#onChange = onChange;
  }

  /** Watches exactly these folders from now on. Says whether there are new ones: what happened in them went unheard. */
  follow(directories: ReadonlyMap<string, string>): boolean {
    for (const [directory, { id, watcher }] of this.#watchers) {
      if (directories.get(directory) === id) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    let added = false;
    for (const [directory, id] of directories) {
      if (!this.#watchers.has(directory) && this.#watch(directory, id)) added = true;
    }
    return added;
  }

  close(): void {
    this.follow(new Map());
  }

  #watch(directory: string, id: string): boolean {
    try {
      const watcher = watch(directory, (_, name) => this.#onChange(this.#pathOf(directory, name)));
      // The folder is gone, or the system has no watches left: the poll goes on.
      watcher.on("error", () => {
        watcher.close();
        this.#watchers.delete(directory);
      });
      this.#watchers.set(directory, { id, watcher });
      return true;
    } catch {
      // Same as above: without a watch, changes are found by the poll.
      return false;
    }
  }

  #pathOf(directory: string, name: string | null): string | undefined {
    const below = relative(this.#root, directory).split(sep).join("/");
    if (name === null || below.startsWith("..")) return undefined;
    return below === "" ? name : `${below}/${name}`;
  }
}
