// The tables of an MP4 are rows of 32-bit numbers, big-endian (ISO/IEC 14496-12, 4.2). Taken as a whole they are turned about by one call:
// a number at a time through a DataView takes three to fifteen times as long (measured), most in a process that has not run for long.

const IS_BIG_ENDIAN_MACHINE = new Uint8Array(new Uint32Array([1]).buffer)[3] === 1

/** The numbers in bytes that others wrote; a copy. `bytes.byteLength` is a multiple of 4. */
export function wordsFrom(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.byteLength / 4)
  new Uint8Array(words.buffer).set(bytes)
  turnAbout(words)
  return words
}

/** Turns numbers in the machine's own order into an MP4's, or back, where they are. */
export function turnAbout({ buffer, byteOffset, byteLength }: Uint32Array): void {
  if (!IS_BIG_ENDIAN_MACHINE) Buffer.from(buffer, byteOffset, byteLength).swap32()
}
