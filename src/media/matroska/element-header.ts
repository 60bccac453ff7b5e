import type { ByteWindow } from './byte-window.js'
import { type ElementHead, readElementHead, UNKNOWN_SIZE } from './ebml.js'

/** The head of an element, and its place in the upload. */
export interface ElementHeader extends ElementHead {
  /** Offset of the element's first byte. */
  readonly start: number
  /** Offset of the first byte after the element; Infinity if its size is unknown. */
  readonly end: number
}

/** Reads the header at the window without advancing; null if more bytes are needed. @throws MalformedMedia */
export function readHeader(window: ByteWindow): ElementHeader | null {
  do {
    const { bytes, at, position: start, waiting } = window
    const head = readElementHead({ bytes, origin: start - at }, at, at + waiting)
    if (head !== null)
      return { ...head, start, end: head.size === UNKNOWN_SIZE ? Number.POSITIVE_INFINITY : start + head.bytes + head.size }
  } while (window.has(window.waiting + 1))
  return null
}

/** For errors: 0x1F43B675. */
export function nameOf({ id }: ElementHead): string {
  return `0x${id.toString(16).toUpperCase()}`
}
