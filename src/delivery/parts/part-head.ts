import { type ParsedMovie, readMovie } from '../../media/mp4/read/read-movie.js'
import type { PartHandle } from '../ports.js'
import { takeHeadTurn } from './head-turns.js'

/** Reads the tables of a part that may still be arriving; waits for the bytes they need and for no others. */
export async function readPartHead(part: PartHandle, source: number, signal: AbortSignal): Promise<ParsedMovie> {
  const reading = readMovie(source)
  let step = reading.next(new Uint8Array(0))
  while (step.done !== true) {
    const bytes = await gather(part, step.value, signal)
    await takeHeadTurn()
    step = reading.next(bytes)
  }
  // Given as it is, unless the check of its boxes, which runs while it is fetched, finds it broken.
  if (!step.value.understood) await part.whole(signal)
  return step.value
}

/** Chunks are valid until the next is asked for, so they are copied. Room is made for what comes, not for what was asked for. */
async function gather(part: PartHandle, span: { readonly start: number; readonly end: number }, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of part.read(span, signal)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
