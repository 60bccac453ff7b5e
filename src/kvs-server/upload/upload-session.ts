import { MalformedMedia } from '../../media/malformed-media.js'
import { toErrorAcknowledgement, UploadError } from './acknowledgement.js'
import { FragmentAssembly, type FragmentAssemblyOptions } from './fragment-assembly.js'
import { FragmentStore } from './fragment-store.js'

export interface UploadSessionOptions extends FragmentAssemblyOptions {
  readonly onFragmentReceived?: () => void
  /** Called with the error that ended the session, and its cause. The producer gets only a number. */
  readonly onFailed?: (error: UploadError) => void
}

/**
 * One PutMedia call: splits the upload into fragments, stores them and acknowledges each step. A fragment that breaks a rule ends the session
 * with an ERROR acknowledgement. The fragments before it are kept.
 */
export class UploadSession {
  readonly #assembly: FragmentAssembly
  readonly #store: FragmentStore
  #isOver = false

  constructor(private readonly options: UploadSessionOptions) {
    this.#store = new FragmentStore(options)
    this.#assembly = new FragmentAssembly(options, (fragment, ended) => {
      options.onFragmentReceived?.()
      return this.#store.add(fragment, ended)
    })
  }

  /** Whether the session has ended. It ignores what comes after its end. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Takes the next bytes. Resolves when more may come: the disk is keeping up. */
  receive(chunk: Uint8Array): Promise<void> {
    return this.#unlessOver(() => this.#assembly.receive(chunk))
  }

  /** No bytes have come for a moment: a fragment that has ended does not wait longer for tags behind it. */
  pause(): Promise<void> {
    return this.#unlessOver(() => this.#assembly.completeEnded())
  }

  /** The body ended normally. Resolves when everything received is stored. */
  async finish(): Promise<void> {
    await this.#unlessOver(() => this.#assembly.end())
    await this.abort()
  }

  /** The connection broke, or was closed because no data came. An incomplete fragment is dropped. */
  async abort(): Promise<void> {
    await this.#unlessOver(() => this.#assembly.completeEnded())
    await this.#unlessOver(() => this.#store.settled())
    this.#isOver = true
    await this.#assembly.drop()
  }

  async #unlessOver(work: () => Promise<void>): Promise<void> {
    if (this.#isOver) return
    try {
      await work()
    } catch (error) {
      await this.#fail(error)
    }
  }

  async #fail(reason: unknown): Promise<void> {
    this.#isOver = true
    const error = await this.#settleBefore(toUploadError(reason))
    const culprit = error.fragment ?? this.#assembly.current
    await this.#assembly.drop()
    this.options.onFailed?.(error)
    this.options.acknowledge(toErrorAcknowledgement(error.code, culprit))
  }

  /** Stores and acknowledges the fragments before the one at fault. If that fails, returns that failure instead. */
  async #settleBefore(error: UploadError): Promise<UploadError> {
    try {
      // Malformed bytes after a whole fragment are not its fault. Too many tags after it are.
      if (error.code === 'INVALID_MKV_DATA') await this.#assembly.completeEnded()
      await this.#store.settled()
      return error
    } catch (earlier) {
      return toUploadError(earlier)
    }
  }
}

function toUploadError(error: unknown): UploadError {
  if (error instanceof UploadError) return error
  if (error instanceof MalformedMedia) return new UploadError('INVALID_MKV_DATA', error.message, { cause: error })
  return new UploadError('INTERNAL_ERROR', 'the upload could not be taken', { cause: error })
}
