import { toUrlHost } from '../lib/http-server.js'

/** Where the gateway listens and is reached. With port 0, that is known once it listens. */
export class GatewayAddress {
  readonly host: string
  port: number
  readonly #publicUrl: string | null

  constructor({ host, port, publicUrl }: { readonly host: string; readonly port: number; readonly publicUrl: string | null }) {
    this.host = host
    this.port = port
    this.#publicUrl = publicUrl
  }

  get publicUrl(): string {
    return this.#publicUrl ?? this.#ownUrl
  }

  /** Takes what the system says once the server listens. */
  found(address: string | { readonly port: number } | null): string {
    if (address !== null && typeof address === 'object') this.port = address.port
    return this.#ownUrl
  }

  get #ownUrl(): string {
    return `http://${toUrlHost(this.host)}:${this.port}`
  }
}
