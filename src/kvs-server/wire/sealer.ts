import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Seals values into opaque bytes, with a key of its own: a restart of the server invalidates them. */
export class Sealer<Value> {
  readonly #key = randomBytes(32)

  seal(value: Value): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce)
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
    return Buffer.concat([nonce, text, cipher.getAuthTag()])
  }

  /** Null for bytes that were not sealed here. */
  open(sealed: Buffer): Value | null {
    if (sealed.length <= NONCE_BYTES + TAG_BYTES) return null
    const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE_BYTES))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    try {
      return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString())
    } catch {
      // GCM only reports that the bytes are not sealed ones.
      return null
    }
  }
}
