import type { SpooledBlob } from '../ports.js'
import { DiskBlob } from './disk-blob.js'
import type { PartFolder, TemporaryPart } from './part-folder.js'
import { fileBytes } from './part-footer.js'
import type { Reservation } from './part-index.js'

export interface SpooledFileOptions {
  readonly folder: PartFolder
  readonly temporary: TemporaryPart
  readonly reservation: Reservation
  readonly grow: (reservation: Reservation, bytes: number) => Promise<void>
  readonly withRoom: <T>(write: () => Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
  readonly onProblem: (message: string, error: unknown) => void
}

/** A temporary file of the store's folder that a blob arrives in. */
export class SpooledFile implements SpooledBlob {
  readonly readable: DiskBlob

  constructor(private readonly options: SpooledFileOptions) {
    const { temporary, close } = options
    this.readable = new DiskBlob(temporary.file, null, close)
  }

  async announce(sizeBytes: number | null): Promise<void> {
    const { temporary, reservation, grow, withRoom } = this.options
    // Of a body of unknown size, only the footer is known.
    await grow(reservation, fileBytes(sizeBytes === null ? 0 : sizeBytes))
    this.readable.expect(sizeBytes)
    // From now on other processes count the whole file.
    if (sizeBytes !== null) await withRoom(() => temporary.file.truncate(sizeBytes))
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    const { reservation, grow, withRoom } = this.options
    const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, this.readable.arrivedBytes)
    await grow(reservation, fileBytes(bytes))
    await withRoom(() => this.readable.append(chunks))
  }

  end(): void {
    this.readable.end()
  }

  fail(error: unknown): void {
    this.readable.fail(error)
  }

  async discard(): Promise<void> {
    const { folder, temporary, reservation, onProblem } = this.options
    await folder.removeTemporary(temporary).catch((error) => onProblem('a temporary file could not be removed', error))
    reservation.release()
  }

  /** Rejects if the blob fails to arrive. */
  async whenWhole(): Promise<void> {
    // The byte after the last one never arrives, so this waits for the end.
    await this.readable.whenReadable(Number.MAX_SAFE_INTEGER, new AbortController().signal)
  }

  async store(name: string): Promise<void> {
    const { folder, temporary, reservation } = this.options
    await folder.keep(name, temporary, this.readable.arrivedBytes, this.readable.blockChecks)
    reservation.release()
  }
}
