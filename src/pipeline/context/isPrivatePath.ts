/** Names of files and folders that hold keys and passwords. */
const PRIVATE_FILES = [
  /^\.env(\..*)?$/i,
  /\.(pem|key|pfx|p12|jks|keystore|kdbx|ppk|asc|gpg)$/i,
  /^id_(rsa|dsa|ecdsa|ed25519)(\.pub)?$/i,
  /^(credentials|secrets?)(\..*)?$/i,
  /^\.(netrc|npmrc|pypirc|htpasswd|pgpass|git-credentials)$/i,
];
const PRIVATE_FOLDERS = new Set(['.ssh', '.aws', '.gnupg', '.azure', '.kube', '.docker', '.gcloud']);

/** Whether a file may hold secrets, by its path alone: its text is then never used for suggestions in other files. */
export function isPrivatePath(path: string): boolean {
  const parts = path.split(/[\\/]/);
  const name = parts.at(-1) ?? '';
  return (
    PRIVATE_FILES.some((pattern) => pattern.test(name)) ||
    parts.slice(0, -1).some((folder) => PRIVATE_FOLDERS.has(folder.toLowerCase()))
  );
}
