/** Where a part writes its log lines; the editor's output channel, the terminal or nothing stands behind it. */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
  trace(message: string): void;
}
