import { Worker } from 'node:worker_threads';
import type { LogMessage } from '../protocol.ts';
import type { EngineRequest, EngineResults, FromEngine } from './threadMessages.ts';

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** The main thread's end of the engine thread. */
export class EngineClient {
  private readonly thread: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private onIdle: (() => void) | undefined;

  /** `onDeath` hears that the thread ended; no request can be answered after that. */
  constructor(scriptPath: string, onLog: (log: LogMessage) => void, onDeath: (message: string) => void) {
    this.thread = new Worker(scriptPath);
    this.thread.on('message', (message: FromEngine) => {
      if (message.kind === 'log') {
        onLog(message.log);
        return;
      }
      const waiting = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.kind === 'answer') {
        waiting?.resolve(message.result as never);
      } else {
        waiting?.reject(new Error(message.message));
      }
      if (this.waiting.size === 0) {
        this.onIdle?.();
      }
    });
    this.thread.on('error', (error) => this.fail(error.message, onDeath));
    this.thread.on('exit', (code) => this.fail(`the engine thread ended with code ${code}`, onDeath));
  }

  send<Kind extends EngineRequest['kind']>(
    request: Extract<EngineRequest, { kind: Kind }>,
  ): Promise<EngineResults[Kind]> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.thread.postMessage({ id, request });
    });
  }

  /** Resolves once every request is answered. */
  idle(): Promise<void> {
    return this.waiting.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.onIdle = resolve;
        });
  }

  private fail(message: string, onDeath: (message: string) => void): void {
    for (const { reject } of this.waiting.values()) {
      reject(new Error(message));
    }
    this.waiting.clear();
    onDeath(message);
  }
}
