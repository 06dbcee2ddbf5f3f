/** One regular file of an archive; `path` is as stored, with forward slashes. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes: Buffer;
}
