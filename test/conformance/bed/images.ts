/** The local programs that stand for one image: the bed has no container runtime, a container is a process of these. */
export interface ImageProgram {
  /** Part of the image's name up to its tag, such as `envoyproxy/envoy`; the name's last segments are compared. */
  readonly repository: string;
  /** What runs where the container names no command; the first word is an absolute path or a name of {@link programs}. */
  readonly entrypoint: readonly string[];
  /** The arguments where the container gives neither a command nor arguments. */
  readonly cmd: readonly string[];
  /** What the words mean that a command may start with, such as `envoy`: the local command line that replaces the word. */
  readonly programs: Readonly<Record<string, readonly string[]>>;
  readonly env: Readonly<Record<string, string>>;
  /** The user of the image, for containers that name none; 0 is root. */
  readonly user: number;
  readonly workingDirectory: string;
}

/** Every image that the bed can run. Plain data, so that it can be handed to another process. */
export type ImageTable = readonly ImageProgram[];

/** Finds the programs that stand for an image, whatever its registry, tag and digest. */
export function programOf(table: ImageTable, image: string): ImageProgram | undefined {
  const repository = repositoryOf(image);
  return table.find((entry) => repository === entry.repository || repository.endsWith(`/${entry.repository}`));
}

function repositoryOf(image: string): string {
  const [withoutDigest = ""] = image.split("@");
  // A colon before the last slash belongs to the registry's port.
  const colon = withoutDigest.indexOf(":", withoutDigest.lastIndexOf("/") + 1);
  return colon === -1 ? withoutDigest : withoutDigest.slice(0, colon);
}
