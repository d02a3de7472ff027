/**
 * The four functions of the Reflect metadata proposal that the dependency injection behind `@peculiar/x509` asks for.
 * Import it before that library.
 */
const stores = new WeakMap<object, Map<unknown, unknown>>();

function ownMetadata(key: unknown, target: object): unknown {
  return stores.get(target)?.get(key);
}

function metadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
    if (stores.get(at)?.has(key) === true) return ownMetadata(key, at);
  }
  return undefined;
}

Object.assign(Reflect, {
  defineMetadata(key: unknown, value: unknown, target: object) {
    const store = stores.get(target) ?? new Map<unknown, unknown>();
    stores.set(target, store.set(key, value));
  },
  getMetadata: metadata,
  getOwnMetadata: ownMetadata,
  hasOwnMetadata: (key: unknown, target: object) => stores.get(target)?.has(key) === true,
});
