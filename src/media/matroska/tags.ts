import { MalformedMedia } from '../malformed-media.js'
import { type EbmlBytes, type EbmlElement, readElements, readStringElement } from './ebml.js'
import { ELEMENT } from './element-ids.js'
import type { SimpleTag } from './events.js'

/** Kinesis Video takes 10 a fragment; files may hold more, but not without end. */
const MAX_TAGS = 1024
/** SimpleTags may hold SimpleTags (RFC 9559, section 5.1.8.1.2). */
const MAX_DEPTH = 8

/** Every SimpleTag of a Tags element, nested ones after their parents. */
export function parseTags(data: EbmlBytes): SimpleTag[] {
  const tags: SimpleTag[] = []
  for (const element of readElements(data, 0, data.bytes.byteLength)) {
    if (element.id === ELEMENT.Tag) collectTags(data, element, { tags, depth: 0 })
  }
  return tags
}

function collectTags(data: EbmlBytes, parent: EbmlElement, { tags, depth }: { tags: SimpleTag[]; depth: number }): void {
  if (depth > MAX_DEPTH) throw new MalformedMedia(`tags nested deeper than ${MAX_DEPTH}`, data.origin + parent.start)
  for (const element of readElements(data, parent.start, parent.end)) {
    if (element.id !== ELEMENT.SimpleTag) continue
    if (tags.length === MAX_TAGS) throw new MalformedMedia(`more than ${MAX_TAGS} tags in one element`, data.origin + element.start)
    tags.push(parseSimpleTag(data, element))
    collectTags(data, element, { tags, depth: depth + 1 })
  }
}

function parseSimpleTag(data: EbmlBytes, parent: EbmlElement): SimpleTag {
  let name = ''
  let value = ''
  for (const element of readElements(data, parent.start, parent.end)) {
    if (element.id === ELEMENT.TagName) name = readStringElement(data, element)
    else if (element.id === ELEMENT.TagString) value = readStringElement(data, element)
  }
  return { name, value }
}
