import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import type { FragmentSelectorType } from '../../src/domain/time-range.js'
import { START, STREAM } from './clip-harness.js'
import { AVCC, recording } from './footage.js'
import { type KvsTestServer, startKvsTestServer } from './kvs-test-server.js'
import { cluster, simpleBlock, type TrackFields } from './mkv-builder.js'
import { md5 } from './mp4-packets.js'
import { Producer } from './producer.js'

const PICTURE: TrackFields = { number: 1, codecPrivate: AVCC, video: { width: 64, height: 48 } }
const SOUND: TrackFields = {
  number: 2,
  type: 2,
  codecId: 'A_AAC',
  codecPrivate: Uint8Array.of(0x11, 0x88),
  audio: { sampleRate: 48_000, channels: 1 },
}

/** A fragment of a test: the times of its first block by both clocks, in milliseconds from the start of the footage. */
export interface WantedFragment {
  readonly producerMs: number
  readonly serverMs: number
  /** When each frame is shown, relative to the first block of the fragment, in decoding order. The first frame is a key frame. */
  readonly framesMs: readonly number[]
  /** When each block of sound plays. A block before the first frame precedes it in the file. */
  readonly soundMs?: readonly number[]
}

/** A frame in the model of the exact cut. */
export interface ModelFrame {
  readonly md5: string
  /** The timestamp of its fragment plus its distance from the first block of the fragment, by each clock, in epoch milliseconds. */
  readonly timeMs: Readonly<Record<FragmentSelectorType, number>>
}

export interface ExactFootage {
  readonly server: KvsTestServer
  /** By fragment, in presentation order. */
  readonly fragments: readonly { readonly frames: readonly ModelFrame[] }[]
  /** When the footage begins by the server's clock, in epoch milliseconds. */
  readonly serverStartMs: number
}

/** Uploads the fragments one by one. Sets the clock of the server to the arrival time of each. */
export async function startExactFootage(wanted: readonly WantedFragment[]): Promise<ExactFootage> {
  // Two hours ago, so that everything is in the past and still retained.
  const serverStartMs = Math.floor(Date.now() / 1000) * 1000 - 7_200_000
  let setMs: number | null = serverStartMs - 1000
  const server = await startKvsTestServer({ clock: { now: () => setMs ?? Date.now() } })
  await server.control.send(new CreateStreamCommand({ StreamName: STREAM, DataRetentionInHours: 24 }))
  const producer = new Producer(server.url, { stream: STREAM, start: String(START / 1000) })
  const hasSound = wanted.some(({ soundMs = [] }) => soundMs.length > 0)
  await producer.send(recording([], hasSound ? [PICTURE, SOUND] : [PICTURE]))
  for (const [index, fragment] of wanted.entries()) {
    setMs = serverStartMs + fragment.serverMs
    await producer.send(toCluster(fragment, index))
    await producer.until('BUFFERING', index + 1)
  }
  await producer.finish()
  setMs = null
  return { server, serverStartMs, fragments: wanted.map((fragment, index) => toModel(fragment, { index, serverStartMs })) }
}

function toModel(
  { producerMs, serverMs, framesMs }: WantedFragment,
  { index, serverStartMs }: { readonly index: number; readonly serverStartMs: number },
): { readonly frames: readonly ModelFrame[] } {
  const frames = framesMs.map((atMs, number) => ({
    md5: md5(picture(index, number)),
    timeMs: { PRODUCER_TIMESTAMP: START + producerMs + atMs, SERVER_TIMESTAMP: serverStartMs + serverMs + atMs },
  }))
  return { frames: frames.toSorted((a, b) => a.timeMs.PRODUCER_TIMESTAMP - b.timeMs.PRODUCER_TIMESTAMP) }
}

function toCluster({ producerMs, framesMs, soundMs = [] }: WantedFragment, fragment: number): Uint8Array {
  const firstMs = framesMs[0] ?? 0
  const frames = framesMs.map((time, number) => simpleBlock({ track: 1, time, isKey: number === 0, payload: picture(fragment, number) }))
  const sound = (times: readonly number[]) =>
    times.map((time) => simpleBlock({ track: 2, time, isKey: true, payload: noise(fragment, time) }))
  const before = soundMs.filter((time) => time < firstMs)
  const after = soundMs.filter((time) => time >= firstMs)
  return cluster(producerMs, [...sound(before), ...frames, ...sound(after)])
}

/** One length-prefixed NAL unit that no other frame has. */
function picture(fragment: number, number: number): Uint8Array {
  const bytes = new Uint8Array(24).fill(0x41)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 20)
  view.setUint32(8, fragment)
  view.setUint32(12, number)
  return bytes
}

function noise(fragment: number, time: number): Uint8Array {
  const bytes = new Uint8Array(12).fill(0x21)
  new DataView(bytes.buffer).setUint32(4, fragment * 100_000 + time)
  return bytes
}
