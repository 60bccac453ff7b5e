/** Why an archive cannot be opened. The message is a sentence for the person who started the program. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'

  constructor(
    readonly reason: 'IN_USE' | 'INDEX_DAMAGED' | 'TOO_NEW',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** The index cannot be trusted. Files hold everything that is in it. */
export function indexDamaged(dataDir: string, what: string, options?: ErrorOptions): ArchiveError {
  const text = `The index of the archive in ${dataDir} is damaged (${what}). Stop the server and run "clipgate kvs --rebuild-index" to rebuild the index from the archive's files.`
  return new ArchiveError('INDEX_DAMAGED', text, options)
}
