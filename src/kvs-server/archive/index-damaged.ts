/** The index cannot be trusted; what it says stands in files too. */
export class IndexDamaged extends Error {
  override readonly name = 'IndexDamaged'

  constructor(dataDir: string, what: string, options?: ErrorOptions) {
    super(
      `The index of the archive in ${dataDir} is damaged (${what}): stop, and run "clipgate kvs --rebuild-index", which makes it anew from the archive's files.`,
      options,
    )
  }
}
