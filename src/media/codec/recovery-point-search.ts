import { byteAt } from '../bytes.js'

/** payloadType of a recovery point (ISO/IEC 14496-10, Annex D). */
const RECOVERY_POINT = 6

/** Searches the messages of an SEI NAL unit for a recovery point. The bytes after the header arrive in pieces. */
export class RecoveryPointSearch {
  #zeros = 0
  #state: 'type' | 'size' | 'payload' = 'type'
  #type = 0
  #size = 0

  begin(): void {
    this.#zeros = 0
    this.#beginMessage()
  }

  /** Whether a recovery point begins in the bytes [start, end). */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    for (let at = start; at < end; at += 1) {
      const octet = byteAt(bytes, at)
      // An emulation prevention byte is not part of a message.
      const isInserted = this.#zeros >= 2 && octet === 3
      this.#zeros = octet === 0 ? this.#zeros + 1 : 0
      if (!isInserted && this.#take(octet)) return true
    }
    return false
  }

  #beginMessage(): void {
    this.#state = 'type'
    this.#type = 0
    this.#size = 0
  }

  #take(octet: number): boolean {
    if (this.#state === 'payload') {
      this.#size -= 1
      if (this.#size <= 0) this.#beginMessage()
      return false
    }
    if (this.#state === 'type') {
      this.#type += octet
      if (octet !== 0xff) this.#state = 'size'
      return octet !== 0xff && this.#type === RECOVERY_POINT
    }
    this.#size += octet
    if (octet === 0xff) return false
    if (this.#size === 0) this.#beginMessage()
    else this.#state = 'payload'
    return false
  }
}
