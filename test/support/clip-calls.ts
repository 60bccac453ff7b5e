import type { Clip } from '../../src/domain/clip.js'
import { askFor, type ClipHarness, readContent, tokenOf } from './clip-harness.js'
import { enoughTime } from './kvs-for-test.js'

const HOUR_MS = 3_600_000

/** Requests a clip that is expected to be available. */
export async function getClip(harness: ClipHarness, input = askFor(0, HOUR_MS)): Promise<Clip> {
  const { clip, issues } = await harness.clips.request(input, enoughTime())
  if (clip === null) throw new Error(JSON.stringify(issues))
  return clip
}

/** The last state that a watcher sees: READY or FAILED. */
export async function whenEnded(harness: ClipHarness, { id }: Clip): Promise<Clip> {
  const seen: Clip[] = []
  for await (const clip of (await harness.clips.watch(id, enoughTime())) ?? []) seen.push(clip)
  const last = seen.at(-1)
  if (last === undefined) throw new Error('nothing was seen of the clip')
  return last
}

export async function downloadClip(harness: ClipHarness, clip: Clip): Promise<Uint8Array> {
  return readContent(await harness.clips.open(tokenOf(clip), enoughTime()), enoughTime())
}

export function callsOf(harness: ClipHarness, operation: string): number {
  return harness.heard.requests.filter((request) => request.startsWith(operation)).length
}
