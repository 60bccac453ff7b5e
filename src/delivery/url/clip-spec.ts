// The contents of a URL token and of a clip ID: everything that is needed to make the clip again and to check that the footage is the same.

import { createHash } from 'node:crypto'
import type { IssuedUrl } from '../../auth/url-revocations.js'
import type { PlanRequest } from '../../domain/clip-plan.js'
import type { ClipRequest } from '../../domain/clip-request.js'
import type { ListedFragment } from '../../domain/listed-fragment.js'
import { at } from '../../lib/at.js'
import { type CompactReader, CompactWriter } from './compact-bytes.js'

export interface ClipSpec extends PlanRequest, Pick<ClipRequest, 'fileName'> {
  readonly streamArn: string
  readonly pin: FootagePin
}

// The index of a choice is its number in a token. Append only.
const SELECTORS = ['SERVER_TIMESTAMP', 'PRODUCER_TIMESTAMP'] as const
const CUTS = ['FRAGMENT', 'EXACT'] as const
const OVERFLOWS = ['JOIN', 'TRUNCATE', 'REFUSE'] as const

/** The unique key of a spec. Equal specs have the same key, whichever ID or URL they come from. */
export function keyOf(spec: ClipSpec): string {
  return Buffer.from(writeClipSpec(new CompactWriter(), spec).finish()).toString('base64url')
}

/** Identifies the clip in revocations. */
export function toClipKey(spec: ClipSpec): string {
  return createHash('sha256').update(keyOf(spec)).digest('base64url')
}

export function toIssuedUrl({ spec, principal }: { readonly spec: ClipSpec; readonly principal: string }): IssuedUrl {
  return { clip: toClipKey(spec), streamArn: spec.streamArn, principal }
}

export function writeClipSpec(writer: CompactWriter, spec: ClipSpec): CompactWriter {
  const choices = SELECTORS.indexOf(spec.fragmentSelectorType) + 2 * CUTS.indexOf(spec.cut) + 4 * OVERFLOWS.indexOf(spec.overflow)
  writer
    .number(choices)
    .number(toUnsigned(spec.range.startMs))
    .number(spec.range.endMs - spec.range.startMs)
    .text(spec.streamArn)
    .text(spec.fileName ?? '')
    .number(spec.pin.fragmentCount)
    .decimal(spec.pin.firstFragmentNumber)
    .decimal(spec.pin.lastFragmentNumber)
    .bytes(spec.pin.digest)
  return writer
}

/** @throws RangeError */
export function readClipSpec(reader: CompactReader): ClipSpec {
  const choices = reader.number()
  const startMs = fromUnsigned(reader.number())
  return {
    fragmentSelectorType: at(SELECTORS, choices % 2),
    cut: at(CUTS, (choices >> 1) % 2),
    overflow: at(OVERFLOWS, choices >> 2),
    range: { startMs, endMs: startMs + reader.number() },
    streamArn: reader.text(),
    fileName: reader.text() || null,
    pin: {
      fragmentCount: reader.number(),
      firstFragmentNumber: reader.decimal(),
      lastFragmentNumber: reader.decimal(),
      digest: reader.bytes(),
    },
  }
}

/** Producer timestamps may be before 1970, so signed values are zigzag-encoded: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
function toUnsigned(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

function fromUnsigned(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

/** One call per number takes three times as long. */
const HASHED_AT_A_TIME = 1000

/** Identifies the footage of a clip, to check later whether it is still the same. */
export interface FootagePin {
  readonly fragmentCount: number
  readonly firstFragmentNumber: string
  readonly lastFragmentNumber: string
  /** SHA-256 of all fragment numbers in order. */
  readonly digest: Uint8Array
}

/** @param fragments at least one, in playing order */
export function pinFootage(fragments: readonly ListedFragment[]): FootagePin {
  return {
    fragmentCount: fragments.length,
    firstFragmentNumber: at(fragments, 0).fragmentNumber,
    lastFragmentNumber: at(fragments, fragments.length - 1).fragmentNumber,
    digest: digestNumbers(fragments),
  }
}

/** Each number ends in a line feed, so that different lists cannot give the same bytes. */
export function digestNumbers(fragments: readonly ListedFragment[]): Uint8Array {
  const hash = createHash('sha256')
  for (let from = 0; from < fragments.length; from += HASHED_AT_A_TIME) {
    const numbers = fragments.slice(from, from + HASHED_AT_A_TIME).map(({ fragmentNumber }) => `${fragmentNumber}\n`)
    hash.update(numbers.join(''))
  }
  return new Uint8Array(hash.digest())
}

export function isSameFootage(a: FootagePin, b: FootagePin): boolean {
  return a.fragmentCount === b.fragmentCount && Buffer.compare(a.digest, b.digest) === 0
}
