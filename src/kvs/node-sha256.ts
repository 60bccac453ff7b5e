import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'

type Source = string | ArrayBuffer | ArrayBufferView

/** SHA-256, and HMAC with it when there is a secret, in the form that the signing library asks for. */
export class NodeSha256 {
  readonly #secret: Source | undefined
  #hash: Hash | Hmac

  constructor(secret?: Source) {
    this.#secret = secret
    this.#hash = createState(secret)
  }

  update(data: Source): void {
    this.#hash.update(toBytes(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    this.#hash = createState(this.#secret)
  }
}

function createState(secret: Source | undefined): Hash | Hmac {
  return secret === undefined ? createHash('sha256') : createHmac('sha256', toBytes(secret))
}

function toBytes(data: Source): Uint8Array | string {
  if (typeof data === 'string') return data
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
