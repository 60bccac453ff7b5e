import { byteAt } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'

/** Opens a decoder configuration record of ISO/IEC 14496-15, after its version. @throws MalformedMedia */
export function openRecord(bytes: Uint8Array, record: string): ByteCursor {
  // Start codes (Annex B of H.264 and H.265) are accepted at ingest and refused later, as on AWS: an MP4 needs length prefixes.
  const [first, second, third, fourth] = bytes
  const isAnnexB = first === 0 && second === 0 && (third === 1 || (third === 0 && fourth === 1))
  if (isAnnexB) throw new MalformedMedia(`Annex-B start codes instead of ${record}`, 0)
  const cursor = new ByteCursor(bytes, record)
  const version = cursor.u8()
  return version === 1 ? cursor : cursor.refuse(`${record} must have version 1: got ${version}`)
}

/** Reads a small big-endian record. Throws MalformedMedia at its end. */
export class ByteCursor {
  at = 0

  constructor(
    readonly bytes: Uint8Array,
    /** Name of the record, for errors. */
    readonly record: string,
  ) {}

  get left(): number {
    return this.bytes.byteLength - this.at
  }

  u8(): number {
    return byteAt(this.take(1), 0)
  }

  u16(): number {
    return this.u8() * 256 + this.u8()
  }

  take(count: number): Uint8Array {
    if (count > this.left) this.refuse(`${this.record} ends early: expected ${count} more bytes, got ${this.left}`)
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  /** Octets of the length prefix of a NAL unit: 1, 2 or 4, as its two lowest bits say. */
  lengthSize(): number {
    const lengthSize = (this.u8() & 0x03) + 1
    return lengthSize === 3 ? this.refuse('NAL lengths of 3 bytes') : lengthSize
  }

  /** A NAL unit after its length. `typeAt`: the lowest bit of nal_unit_type in its first octet. */
  nalUnit(nalType: number, { typeAt, mask }: { readonly typeAt: number; readonly mask: number }): Uint8Array {
    const nal = this.take(this.u16())
    const type = ((nal[0] ?? 0) >> typeAt) & mask
    return nal.byteLength >= 2 && type === nalType
      ? nal
      : this.refuse(`expected a NAL unit of type ${nalType}: got ${nal.byteLength} bytes of type ${type}`)
  }

  refuse(message: string): never {
    throw new MalformedMedia(message, this.at)
  }
}
