import { MalformedMedia } from '../malformed-media.js'
import { type EbmlBytes, type EbmlElement, ElementFields, readElements } from './ebml.js'
import { ELEMENT } from './element-ids.js'
import type { SimpleTag } from './events.js'

/** Kinesis Video accepts 10 per fragment. Files may have more. */
const MAX_TAGS = 1024
/** SimpleTags may contain SimpleTags (RFC 9559, section 5.1.8.1.2). */
const MAX_DEPTH = 8

/** Targets that mean a part of the Segment unless they are 0 (RFC 9559, sections 5.1.8.1.1.3 to 5.1.8.1.1.6). */
const PART_UIDS: ReadonlySet<number> = new Set([
  ELEMENT.TagTrackUID,
  ELEMENT.TagEditionUID,
  ELEMENT.TagChapterUID,
  ELEMENT.TagAttachmentUID,
])

export interface ParsedTags {
  /** All SimpleTags for the whole Segment. Nested ones follow their parents. */
  readonly tags: SimpleTag[]
  /** Whether there are others, for a track, an edition, a chapter or an attachment, such as the statistics of muxers. */
  readonly hasPartTags: boolean
}

/** @throws MalformedMedia */
export function parseTags(data: EbmlBytes): ParsedTags {
  const tags: SimpleTag[] = []
  let hasPartTags = false
  for (const element of readElements(data)) {
    if (element.id !== ELEMENT.Tag) continue
    if (isAboutPart(data, element)) hasPartTags = true
    else collectTags(data, element, { tags, depth: 0 })
  }
  return { tags, hasPartTags }
}

function isAboutPart(data: EbmlBytes, tag: EbmlElement): boolean {
  for (const targets of readElements(data, tag)) {
    if (targets.id !== ELEMENT.Targets) continue
    for (const uid of readElements(data, targets)) {
      // UIDs have 64 bits, more than a number can hold.
      if (PART_UIDS.has(uid.id) && data.bytes.subarray(uid.start, uid.end).some((byte) => byte !== 0)) return true
    }
  }
  return false
}

function collectTags(data: EbmlBytes, parent: EbmlElement, { tags, depth }: { tags: SimpleTag[]; depth: number }): void {
  if (depth > MAX_DEPTH) throw new MalformedMedia(`tags nested deeper than ${MAX_DEPTH}`, data.origin + parent.start)
  for (const element of readElements(data, parent)) {
    if (element.id !== ELEMENT.SimpleTag) continue
    if (tags.length === MAX_TAGS) throw new MalformedMedia(`more than ${MAX_TAGS} tags in one element`, data.origin + element.start)
    const fields = new ElementFields(data, element)
    tags.push({ name: fields.string(ELEMENT.TagName), value: fields.string(ELEMENT.TagString) })
    collectTags(data, element, { tags, depth: depth + 1 })
  }
}
