import type { ReceivedFragment } from '../archive/archived-fragment.js'
import { toAcknowledgement, UploadError } from './acknowledgement.js'
import type { FragmentAssemblyOptions } from './fragment-assembly.js'
import { type EndedCluster, fragmentLengthMs, type IncomingFragment, toAcknowledged } from './incoming-fragment.js'

/** Fragments that are stored while the next one is received. Each sync occupies a thread of libuv. */
const MOST_UNDER_WAY = 3

/** A fragment that the archive has taken. The promise is in an object so that awaiting the object does not await the promise. */
interface Handed {
  readonly persisted: Promise<boolean>
}

/** Stores the complete fragments of one upload, several at a time, and acknowledges them in their order. */
export class FragmentStore {
  #handed: Promise<unknown> = Promise.resolve()
  #acknowledged: Promise<void> = Promise.resolve()
  readonly #underWay: Promise<void>[] = []

  constructor(private readonly options: Pick<FragmentAssemblyOptions, 'archive' | 'findStream' | 'acknowledge'>) {}

  /** Resolves when the next fragment may come. Rejects with the failure of this fragment or an earlier one. @throws UploadError */
  async add(fragment: IncomingFragment, ended: EndedCluster): Promise<void> {
    const handed = this.#handed.then(() => this.#hand(fragment, ended))
    const acknowledged = this.#acknowledged
      .then(() => this.#acknowledge(fragment, handed))
      .catch((error: unknown) => giveUp(fragment, handed, error))
    this.#handed = handed
    this.#acknowledged = acknowledged
    // Both are awaited later. Until then a failure must not count as unhandled.
    handed.catch(() => {})
    acknowledged.catch(() => {})
    this.#underWay.push(acknowledged)
    if (this.#underWay.length >= MOST_UNDER_WAY) await this.#underWay.shift()
  }

  /** Resolves when all are stored and acknowledged. Rejects with the first failure. */
  settled(): Promise<void> {
    return this.#acknowledged
  }

  async #hand(fragment: IncomingFragment, ended: EndedCluster): Promise<Handed> {
    const path = await ended.synced
    const stream = this.options.findStream()
    if (stream === undefined) throw new UploadError('STREAM_NOT_ACTIVE', 'the stream was deleted')
    const received = toReceivedFragment(fragment, ended, path)
    const { archive } = this.options
    const isKept = stream.dataRetentionInHours > 0
    const persisted = (isKept ? archive.persist(received) : archive.keepForHost(received)).then(() => isKept)
    persisted.catch(() => {})
    return { persisted }
  }

  async #acknowledge(fragment: IncomingFragment, handed: Promise<Handed>): Promise<void> {
    const { persisted } = await handed
    // Without retention nothing is persisted, and RECEIVED is the last acknowledgement.
    if (await persisted) this.options.acknowledge(toAcknowledgement('PERSISTED', toAcknowledged(fragment)))
  }
}

/** Removes the file, unless the archive has taken it over. */
async function giveUp(fragment: IncomingFragment, handed: Promise<Handed>, error: unknown): Promise<never> {
  const taken = await handed.catch(() => null)
  if (taken === null) await fragment.writer.discard()
  else await taken.persisted.catch(() => false)
  if (error instanceof UploadError) throw error.about(toAcknowledged(fragment))
  throw new UploadError('ARCHIVAL_ERROR', 'the fragment could not be stored', { cause: error }).about(toAcknowledged(fragment))
}

function toReceivedFragment(fragment: IncomingFragment, ended: EndedCluster, path: string): ReceivedFragment {
  const { session, number, leadingTags, trailingTags, producerTimestampMs } = fragment
  const { samples, frameFault, clusterBytes } = ended
  // The demuxer refuses a Cluster without a Timestamp before it ends.
  if (producerTimestampMs === null) throw new Error('a Cluster ended without a Timestamp')
  return {
    session,
    number,
    producerTimestampMs,
    lengthMs: fragmentLengthMs(samples),
    path,
    clusterBytes,
    frameFault,
    details: { samples, leadingTags, trailingTags: Buffer.concat(trailingTags) },
  }
}
