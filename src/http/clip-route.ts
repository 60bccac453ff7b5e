import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { toClipUnavailable } from '../delivery/clip/explain-failure.js'
import type { ClipContent } from '../delivery/serve/clip-content.js'
import {
  CLIP_METHODS,
  type ClipResponse,
  decideClipResponse,
  toNotReadyResponse,
  toPreflightResponse,
  toUnavailableResponse,
  toWrongMethodResponse,
} from '../delivery/serve/clip-response.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { cutAnswer } from '../lib/http-server.js'
import { toAllowedOrigin, toPreflightHeaders } from './cors.js'
import { DownloadBody, type DownloadListener } from './download-body.js'
import type { OriginRules } from './origins.js'
import { refuseOtherMethods } from './other-methods.js'

/** Tokens are long: an app that has this route needs at least this as its `routerOptions.maxParamLength`, or Fastify answers 414. */
export const CLIP_ROUTE_MAX_PARAM_LENGTH = 2_048
/** Proxies give up after 60 seconds. */
const IDENTIFIED_WITHIN_MS = 55_000
const READER_IDLE_TIMEOUT_MS = 60_000

export interface ClipRouteOptions {
  /** What a token opens. Throws ClipUnavailable. */
  readonly open: (token: string, signal: AbortSignal) => Promise<ClipContent>
  readonly downloads?: DownloadListener
  readonly clock?: Clock
  /** How long a request waits for the clip's size before it is told to come back. */
  readonly identifiedWithinMs?: number
  /** How long a reader that can come back by a range may take no byte. */
  readonly readerIdleTimeoutMs?: number
  /** Whose pages may send credentials; pages of all origins may read. */
  readonly origins?: () => OriginRules
}

type ClipRequest = FastifyRequest<{ Params: { token: string; fileName: string }; Querystring: { download?: unknown } }>

/** GET and HEAD of a clip, and the preflight of pages on other origins. What is answered is decided in delivery/; here bytes are moved. */
export function clipRoute(options: ClipRouteOptions): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    const url = '/clips/:token/:fileName'
    const answerTo = (reply: FastifyReply, response: ClipResponse) => answer(reply, toReadable(response, reply.request, options))
    app.route({
      method: ['GET', 'HEAD'],
      exposeHeadRoute: false,
      url,
      handler: (request: ClipRequest, reply) => new ClipAnswering(request, reply, options).run(),
    })
    app.options(url, (request, reply) => answerTo(reply, toPreflightResponse(toPreflightHeaders(request, CLIP_METHODS))))
    refuseOtherMethods(app, url, (reply, allow) => answerTo(reply, toWrongMethodResponse(allow)))
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
      if (!reply.raw.writableFinished) this.#left.abort(new DOMException('the client has left', 'AbortError'))
    })
  }

  async run(): Promise<FastifyReply> {
    const deadline = new Deadline(this.#options.identifiedWithinMs ?? IDENTIFIED_WITHIN_MS)
    try {
      const waiting = AbortSignal.any([this.#left.signal, deadline.signal])
      const content = await this.#options.open(this.#request.params.token, waiting)
      try {
        const response = await this.#identify(content, waiting)
        deadline.clear()
        return await this.#send(content, response)
      } finally {
        content.release()
      }
    } catch (error) {
      return this.#refuse(error, deadline.signal)
    } finally {
      deadline.clear()
    }
  }

  async #identify(content: ClipContent, waiting: AbortSignal): Promise<ClipResponse> {
    const decided = this.#decide(content)
    if (decided !== null) return decided
    await content.whenIdentified(waiting)
    return this.#decide(content) ?? toNotReadyResponse()
  }

  #decide(content: ClipContent): ClipResponse | null {
    const { method, headers, query } = this.#request
    const request = { method: method === 'HEAD' ? 'HEAD' : 'GET', headers, isDownload: isDownload(query.download) } as const
    return decideClipResponse(request, content, (this.#options.clock ?? systemClock).now())
  }

  async #send(content: ClipContent, response: ClipResponse): Promise<FastifyReply> {
    if (response.body !== null && 'bytes' in response.body) return this.#answer(response)
    if (response.body === null) {
      this.#begin(response)
      this.#reply.raw.end()
      return this.#reply
    }
    const { downloads, readerIdleTimeoutMs = READER_IDLE_TIMEOUT_MS } = this.#options
    const body = new DownloadBody(this.#reply.raw, {
      left: this.#left,
      begin: () => this.#begin(response),
      // A reader of a clip that is passed through cannot come back for the rest.
      idleTimeoutMs: content.form === 'REBUILT' ? readerIdleTimeoutMs : null,
      ...(downloads ? { listener: downloads } : {}),
    })
    await body.send(content.read(response.body.clip, this.#left.signal), response.headers['content-length'])
    return this.#reply
  }

  /**
   * 200, 206, 304 and HEAD's answers all begin here: a browser merges the headers of a 304 and of HEAD into the answer it has stored
   * (RFC 9111, 4.3.4 and 4.3.5), so the hooks of the app must add to all of them or to none.
   */
  #begin(response: ClipResponse): void {
    this.#reply.hijack()
    const { raw } = this.#reply
    const { status, headers } = toReadable(response, this.#request, this.#options)
    // What other parts of the app have set so far: a hijacked reply would lose it.
    for (const [name, value] of Object.entries({ ...this.#reply.getHeaders(), ...headers })) {
      if (value !== undefined) raw.setHeader(name, value)
    }
    raw.writeHead(status)
  }

  #answer(response: ClipResponse): FastifyReply {
    return answer(this.#reply, toReadable(response, this.#request, this.#options))
  }

  #refuse(error: unknown, deadline: AbortSignal): FastifyReply {
    const { raw } = this.#reply
    // 1. The client has left: there is nobody to tell.
    if (this.#left.signal.aborted) return this.#reply.hijack()
    // 2. Nothing is sent yet: say what is wrong.
    if (!raw.headersSent) return this.#tell(error, deadline)
    // 3. Bytes are out: cut the connection, so that nobody takes a part for the whole.
    this.#request.log.warn({ err: error }, 'a download was cut off')
    cutAnswer(raw)
    return this.#reply
  }

  #tell(error: unknown, deadline: AbortSignal): FastifyReply {
    if (isDeadline(error, deadline)) return this.#answer(toNotReadyResponse())
    const unavailable = toClipUnavailable(error)
    if (unavailable.reason === 'INTERNAL') this.#request.log.error({ err: error }, 'a clip could not be opened')
    return this.#answer(toUnavailableResponse(unavailable))
  }
}

/** How long a request waits for the clip's size. Its timer goes with the wait: a busy player would leave thousands behind otherwise. */
class Deadline {
  readonly #over = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(waitMs: number) {
    this.#timer = setTimeout(() => this.#over.abort(new DOMException('the clip took too long to begin', 'TimeoutError')), waitMs)
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

/** Pages of all origins may read; those of the gateway's own and allowed ones may send credentials, which `*` rules out (Fetch, 3.3.5). */
function toReadable(response: ClipResponse, request: FastifyRequest, { origins }: ClipRouteOptions): ClipResponse {
  const allowed = origins && toAllowedOrigin(request, origins())
  return allowed ? { ...response, headers: { ...response.headers, ...allowed } } : response
}

function answer(reply: FastifyReply, { status, headers, body }: ClipResponse): FastifyReply {
  reply.code(status).headers(headers)
  return body !== null && 'bytes' in body ? reply.send(body.bytes) : reply.send()
}

const NOT_A_DOWNLOAD: readonly unknown[] = [undefined, '0', 'false', 'no']

/** `?download`, `?download=1`, `?download=true` and the like; a link that was made by a program may also say no. */
function isDownload(parameter: unknown): boolean {
  return !NOT_A_DOWNLOAD.includes(typeof parameter === 'string' ? parameter.toLowerCase() : parameter)
}

/** Whether the time that a request waits is what ended it: the signal's own error, or what a call that was aborted by it made of that. */
function isDeadline(error: unknown, deadline: AbortSignal): boolean {
  if (!deadline.aborted) return false
  return error === deadline.reason || (typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError')
}
