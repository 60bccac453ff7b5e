import { MalformedMedia } from '../malformed-media.js'
import { type EbmlBytes, readElements, readStringElement, readUintElement } from './ebml.js'
import { ELEMENT } from './element-ids.js'

/** Nanoseconds a tick where Info does not say (RFC 9559, section 5.1.2.9): ticks are milliseconds. */
export const DEFAULT_TIMESTAMP_SCALE = 1_000_000
/** Ten seconds a tick: with it a 16-bit block time still fits 32 bits of milliseconds. */
const MAX_TIMESTAMP_SCALE = 10_000_000_000

/** Refuses an EBML header that announces something other than Matroska as RFC 9559 has it. */
export function checkEbmlHeader(data: EbmlBytes): void {
  for (const element of readElements(data, 0, data.bytes.byteLength)) {
    const offset = data.origin + element.start
    if (element.id === ELEMENT.DocType) checkDocType(readStringElement(data, element).trimEnd(), offset)
    if (element.id === ELEMENT.EBMLMaxIDLength && readUintElement(data, element) > 4) {
      throw new MalformedMedia('element ids of more than 4 octets are announced', offset)
    }
    if (element.id === ELEMENT.EBMLMaxSizeLength && readUintElement(data, element) > 8) {
      throw new MalformedMedia('data sizes of more than 8 octets are announced', offset)
    }
  }
}

function checkDocType(docType: string, offset: number): void {
  if (docType === 'matroska' || docType === 'webm') return
  throw new MalformedMedia(`DocType must be matroska or webm: got '${docType.slice(0, 32)}'`, offset)
}

/** The TimestampScale of an Info element, in nanoseconds a tick. */
export function parseTimestampScale(data: EbmlBytes): number {
  for (const element of readElements(data, 0, data.bytes.byteLength)) {
    if (element.id !== ELEMENT.TimestampScale) continue
    const scale = readUintElement(data, element)
    if (scale >= 1 && scale <= MAX_TIMESTAMP_SCALE) return scale
    throw new MalformedMedia(`TimestampScale must be 1 to ${MAX_TIMESTAMP_SCALE}: got ${scale}`, data.origin + element.start)
  }
  return DEFAULT_TIMESTAMP_SCALE
}

/** Ticks to whole milliseconds. Exact for the usual scale; to the nearest for others. */
export function toMilliseconds(ticks: number, timestampScale: number): number {
  return timestampScale === DEFAULT_TIMESTAMP_SCALE ? ticks : Math.round(ticks * (timestampScale / 1_000_000))
}
