import type { KeyValueCache, TargetModel } from '../../engine/targetModel.ts';

/**
 * One cache per document, the least recently used thrown away when all together exceed a number of bytes. The document just
 * used is never thrown away.
 */
export class DocumentCaches {
  /** Insertion order is order of use, oldest first. */
  private readonly caches = new Map<string, KeyValueCache>();
  private readonly model: TargetModel;
  private readonly limitBytes: number;

  constructor(model: TargetModel, limitBytes: number) {
    this.model = model;
    this.limitBytes = limitBytes;
  }

  /** The document's cache, made if there is none, now the most recently used. */
  use(documentId: string): KeyValueCache {
    const cache = this.caches.get(documentId) ?? this.model.createCache();
    this.caches.delete(documentId);
    this.caches.set(documentId, cache);
    return cache;
  }

  /** Throws one away, if it is there. */
  drop(documentId: string): void {
    this.caches.get(documentId)?.dispose();
    this.caches.delete(documentId);
  }

  /** Brings the total under the limit; called after a request, when sizes are known. */
  trim(): void {
    let total = this.bytes;
    for (const [documentId, cache] of this.caches) {
      if (total <= this.limitBytes || this.caches.size === 1) {
        return;
      }
      total -= cache.bytes;
      cache.dispose();
      this.caches.delete(documentId);
    }
  }

  get bytes(): number {
    let total = 0;
    for (const cache of this.caches.values()) {
      total += cache.bytes;
    }
    return total;
  }

  dispose(): void {
    for (const cache of this.caches.values()) {
      cache.dispose();
    }
    this.caches.clear();
  }
}
