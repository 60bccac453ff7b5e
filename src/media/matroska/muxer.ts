import { concat } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'
import { readElementHead } from './ebml.js'
import { encodeElement, encodeId, encodeStringElement, UNKNOWN_SIZE_OCTETS } from './ebml-writer.js'
import { ELEMENT } from './element-ids.js'
import type { SimpleTag } from './events.js'

/**
 * The session header (`bytes` of a 'tracks' event) as Kinesis Video returns it: unchanged except for the size of the Segment, which is
 * unknown, in 8 octets. (Captures of GetMedia show this whatever the producer sent.) @throws MalformedMedia if there is no Segment
 */
export function withUnknownSegmentSize(header: Uint8Array): Uint8Array {
  const data = { bytes: header, origin: 0 }
  let at = 0
  for (let head = readElementHead(data, at, header.byteLength); head !== null; head = readElementHead(data, at, header.byteLength)) {
    if (head.id === ELEMENT.Segment) return concat([header.subarray(0, at + 4), UNKNOWN_SIZE_OCTETS, header.subarray(at + head.bytes)])
    at += head.bytes + head.size
  }
  throw new MalformedMedia('a session header without a Segment', header.byteLength)
}

/** A Tags element with one Tag and without Targets, as Kinesis Video writes around each fragment. */
export function buildTags(tags: readonly SimpleTag[]): Uint8Array {
  return encodeElement(ELEMENT.Tags, encodeElement(ELEMENT.Tag, ...tags.map(encodeSimpleTag)))
}

/** A document with tags only, for information of Kinesis Video without media. */
export function buildTagsDocument(tags: readonly SimpleTag[]): Uint8Array {
  const docType = encodeStringElement(ELEMENT.DocType, 'matroska')
  return concat([encodeElement(ELEMENT.EBML, docType), encodeId(ELEMENT.Segment), UNKNOWN_SIZE_OCTETS, buildTags(tags)])
}

function encodeSimpleTag({ name, value }: SimpleTag): Uint8Array {
  return encodeElement(ELEMENT.SimpleTag, encodeStringElement(ELEMENT.TagName, name), encodeStringElement(ELEMENT.TagString, value))
}
