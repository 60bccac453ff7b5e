import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { ClipContent } from '../delivery/clip-content.js'
import { orAborted } from '../delivery/or-aborted.js'
import {
  type ClipResponse,
  decideClipResponse,
  toPreflightResponse,
  toTooEarlyResponse,
  toUnavailableResponse,
  toWrongMethodResponse,
} from '../delivery/response/clip-response.js'
import { toClipUnavailable } from '../delivery/to-clip-unavailable.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { refuseOtherMethods } from './other-methods.js'

/** Tokens are long: an app that has this route needs at least this as its `routerOptions.maxParamLength`, or Fastify answers 414. */
export const CLIP_ROUTE_MAX_PARAM_LENGTH = 2_048
const IDENTIFIED_WITHIN_MS = 30_000

export type DownloadOutcome = 'complete' | 'aborted' | 'failed'

/** Hears of each download whose bytes were asked for: once when it begins and once when it ends, with the bytes given to the socket. */
export interface DownloadListener {
  began(): void
  ended(outcome: DownloadOutcome, bytes: number): void
}

export interface ClipRouteOptions {
  /** What a token opens. Throws ClipUnavailable. */
  readonly open: (token: string, signal: AbortSignal) => Promise<ClipContent>
  readonly downloads?: DownloadListener
  readonly clock?: Clock
  /** How long a request waits for the clip's size before it is told to come back. */
  readonly identifiedWithinMs?: number
}

type ClipRequest = FastifyRequest<{ Params: { token: string; fileName: string }; Querystring: { download?: unknown } }>

/** GET and HEAD of a clip, and the preflight of pages on other origins. What is answered is decided in delivery/; here bytes are moved. */
export function clipRoute(options: ClipRouteOptions): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    const url = '/clips/:token/:fileName'
    app.route({
      method: ['GET', 'HEAD'],
      exposeHeadRoute: false,
      url,
      handler: (request: ClipRequest, reply) => new ClipAnswering(request, reply, options).run(),
    })
    app.options(url, (_request, reply) => answer(reply, toPreflightResponse()))
    refuseOtherMethods(app, url, (reply, allow) => answer(reply, toWrongMethodResponse(allow)))
  }
}

/** One request for a clip, from its token to its last byte. */
class ClipAnswering {
  readonly #request: ClipRequest
  readonly #reply: FastifyReply
  readonly #options: ClipRouteOptions
  readonly #left = new AbortController()

  constructor(request: ClipRequest, reply: FastifyReply, options: ClipRouteOptions) {
    this.#request = request
    this.#reply = reply
    this.#options = options
    reply.raw.once('close', () => {
      // It also closes behind the last byte, where there is nobody left to be told.
      if (!reply.raw.writableFinished) this.#left.abort(clientLeft())
    })
  }

  async run(): Promise<FastifyReply> {
    const patience = new Patience(this.#options.identifiedWithinMs ?? IDENTIFIED_WITHIN_MS)
    try {
      const waiting = AbortSignal.any([this.#left.signal, patience.signal])
      const content = await this.#options.open(this.#request.params.token, waiting)
      try {
        const response = await this.#identify(content, waiting)
        patience.end()
        return await this.#send(content, response)
      } finally {
        content.release()
      }
    } catch (error) {
      return this.#refuse(error, patience.signal)
    } finally {
      patience.end()
    }
  }

  async #identify(content: ClipContent, waiting: AbortSignal): Promise<ClipResponse> {
    const decided = this.#decide(content)
    if (decided !== null) return decided
    await content.whenIdentified(waiting)
    return this.#decide(content) ?? toTooEarlyResponse()
  }

  #decide(content: ClipContent): ClipResponse | null {
    const { method, headers, query } = this.#request
    const request = { method: method === 'HEAD' ? 'HEAD' : 'GET', headers, isDownload: query.download === '1' } as const
    return decideClipResponse(request, content, (this.#options.clock ?? systemClock).now())
  }

  async #send(content: ClipContent, response: ClipResponse): Promise<FastifyReply> {
    if (response.body === null || 'bytes' in response.body) return answer(this.#reply, response)
    const { downloads } = this.#options
    const sent = { bytes: 0 }
    downloads?.began()
    try {
      await this.#pipe(content.read(response.body.clip, this.#left.signal), response, sent)
      downloads?.ended('complete', sent.bytes)
    } catch (error) {
      downloads?.ended(this.#left.signal.aborted ? 'aborted' : 'failed', sent.bytes)
      throw error
    }
    return this.#reply
  }

  async #pipe(chunks: AsyncIterable<Uint8Array>, response: ClipResponse, sent: { bytes: number }): Promise<void> {
    const { raw } = this.#reply
    for await (const chunk of chunks) {
      // Only now: until there is a byte to send, a failure can still be told.
      if (!raw.headersSent) this.#begin(response)
      await write(raw, chunk, this.#left)
      sent.bytes += chunk.byteLength
    }
    if (!raw.headersSent) this.#begin(response)
    const announced = response.headers['content-length']
    if (announced !== undefined && Number(announced) !== sent.bytes)
      throw new Error(`announced ${announced} bytes, but there were ${sent.bytes}`)
    await end(raw)
  }

  #begin({ status, headers }: ClipResponse): void {
    this.#reply.hijack()
    // What other parts of the app have set so far: a hijacked reply would lose it.
    for (const [name, value] of Object.entries(this.#reply.getHeaders())) if (value !== undefined) this.#reply.raw.setHeader(name, value)
    this.#reply.raw.writeHead(status, headers)
  }

  #refuse(error: unknown, deadline: AbortSignal): FastifyReply {
    const { raw } = this.#reply
    // 1. The client has left: there is nobody to tell.
    if (this.#left.signal.aborted) return this.#reply.hijack()
    // 2. Nothing is sent yet: say what is wrong.
    if (!raw.headersSent) return this.#tell(error, deadline)
    // 3. Bytes are out: cut the connection, so that nobody takes a part for the whole.
    this.#request.log.warn({ err: error }, 'a download was cut off')
    raw.destroy()
    return this.#reply
  }

  #tell(error: unknown, deadline: AbortSignal): FastifyReply {
    if (isDeadline(error, deadline)) return answer(this.#reply, toTooEarlyResponse())
    const unavailable = toClipUnavailable(error)
    const isOurFault = unavailable.reason === 'INTERNAL'
    if (isOurFault) this.#request.log.error({ err: error }, 'a clip could not be opened')
    return answer(this.#reply, toUnavailableResponse(unavailable))
  }
}

/** How long a request waits for the clip's size. Its timer goes with the wait: a busy player would leave thousands behind otherwise. */
class Patience {
  readonly #over = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(waitMs: number) {
    this.#timer = setTimeout(() => this.#over.abort(new DOMException('the clip took too long to begin', 'TimeoutError')), waitMs)
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

function answer(reply: FastifyReply, { status, headers, body }: ClipResponse): FastifyReply {
  reply.code(status).headers(headers)
  return body !== null && 'bytes' in body ? reply.send(body.bytes) : reply.send()
}

/** Resolves when the chunk's memory may be used again: when the callback says so, which 'drain' does not. */
function write(raw: ServerResponse, chunk: Uint8Array, left: AbortController): Promise<void> {
  const written = new Promise<void>((resolve) => {
    // A write fails because its connection is gone, which may be told before the connection says so itself.
    raw.write(chunk, (error) => (error ? left.abort(clientLeft()) : resolve()))
  })
  // When the client leaves, the callback may never come.
  return orAborted(written, left.signal)
}

function clientLeft(): DOMException {
  return new DOMException('the client has left', 'AbortError')
}

// Every byte is with the kernel by now: many clients hang up right after the last one, and theirs is a complete download.
function end(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    raw.once('close', resolve)
    raw.end(resolve)
  })
}

/** Whether the time that a request waits is what ended it: the signal's own error, or what a call that was aborted by it made of that. */
function isDeadline(error: unknown, deadline: AbortSignal): boolean {
  if (!deadline.aborted) return false
  return error === deadline.reason || (typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError')
}
