import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { toClipUnavailable } from '../delivery/clip/explain-failure.js'
import type { ClipAudit } from '../delivery/clip-audit.js'
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
import { ClipUnavailable } from '../delivery/serve/clip-unavailable.js'
import { toClientKey } from '../lib/client-address.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { cutAnswer } from '../lib/http-server.js'
import { describeSpan, inSpan } from '../lib/tracing.js'
import { type OriginRules, toAllowedOrigin, toPreflightHeaders } from './cors.js'
import type { DownloadSlots } from './download-slots.js'
import { refuseOtherMethods } from './refuse-other-methods.js'
import { type DownloadListener, sendBody } from './send-body.js'

/** Common proxies time out after 60 seconds. */
const IDENTIFIED_WITHIN_MS = 55_000
const READER_IDLE_TIMEOUT_MS = 60_000
const RETRY_SLOT_AFTER_MS = 5_000

export interface ClipRouteOptions {
  /** Opens the clip of a token. Throws ClipUnavailable. */
  readonly open: (token: string, signal: AbortSignal) => Promise<ClipContent>
  readonly downloads?: DownloadListener
  readonly slots?: DownloadSlots | null
  readonly audit?: Pick<ClipAudit, 'downloaded'> | null
  readonly clock?: Clock
  /** How long a request waits for the clip's size before it is answered NOT_READY. */
  readonly identifiedWithinMs?: number
  /** The connection of a reader that can resume with a range request closes after this time without a byte read. */
  readonly readerIdleTimeoutMs?: number
  /** The origins whose pages may send credentials. Pages of all origins may read clips. */
  readonly origins?: () => OriginRules
}

type ClipRequest = FastifyRequest<{ Params: { token: string; fileName: string }; Querystring: { download?: unknown } }>

/** GET, HEAD and CORS preflight of a clip. delivery/ decides the response; this route only sends it. */
export function clipRoute(options: ClipRouteOptions): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    const url = '/clips/:token/:fileName'
    const answerTo = (reply: FastifyReply, response: ClipResponse) => answer(reply, withOrigin(response, reply.request, options))
    app.route({
      method: ['GET', 'HEAD'],
      exposeHeadRoute: false,
      url,
      handler: (request: ClipRequest, reply) => new ClipDownload(request, reply, options).run(),
    })
    app.options(url, (request, reply) => answerTo(reply, toPreflightResponse(toPreflightHeaders(request, CLIP_METHODS))))
    refuseOtherMethods(app, url, (reply, allow) => answerTo(reply, toWrongMethodResponse(allow)))
  }
}

/** One request for a clip, from the token to the last byte. */
class ClipDownload {
  readonly #left = new AbortController()

  constructor(
    private readonly request: ClipRequest,
    private readonly reply: FastifyReply,
    private readonly options: ClipRouteOptions,
  ) {
    reply.raw.once('close', () => {
      // "close" also follows a complete response.
      if (!reply.raw.writableFinished) this.#left.abort(new DOMException('the client disconnected', 'AbortError'))
    })
  }

  async run(): Promise<FastifyReply> {
    const deadline = new Deadline(this.options.identifiedWithinMs ?? IDENTIFIED_WITHIN_MS)
    try {
      const waiting = AbortSignal.any([this.#left.signal, deadline.signal])
      const content = await this.options.open(this.request.params.token, waiting)
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
    const { method, headers, query } = this.request
    const request = { method: method === 'HEAD' ? 'HEAD' : 'GET', headers, isDownload: isDownload(query.download) } as const
    return decideClipResponse(request, content, (this.options.clock ?? systemClock).now())
  }

  async #send(content: ClipContent, response: ClipResponse): Promise<FastifyReply> {
    if (response.body !== null && 'bytes' in response.body) return this.#answer(response)
    if (response.body === null) {
      this.#begin(response)
      this.reply.raw.end()
      return this.reply
    }
    const free = this.#takeSlot(content)
    const { readerIdleTimeoutMs = READER_IDLE_TIMEOUT_MS } = this.options
    // Also while the client does not read.
    const cut = () => {
      if (this.reply.raw.headersSent) cutAnswer(this.reply.raw)
    }
    content.revoked.addEventListener('abort', cut)
    try {
      const chunks = content.read(response.body.clip, this.#left.signal)
      await inSpan('download', {}, () =>
        sendBody(this.reply.raw, chunks, {
          left: this.#left,
          begin: () => this.#begin(response),
          contentLength: response.headers['content-length'],
          // A clip that is passed through has no ranges, so its reader cannot resume.
          idleTimeoutMs: content.form === 'REBUILT' ? readerIdleTimeoutMs : null,
          listener: this.#listen(content),
        }),
      )
    } finally {
      content.revoked.removeEventListener('abort', cut)
      free?.()
    }
    return this.reply
  }

  /**
   * Sends status and headers of 200, 206, 304 and HEAD responses. A browser merges the headers of a 304 or HEAD response into its stored response
   * (RFC 9111, 4.3.4 and 4.3.5), so the hooks of the app must add headers to all of them or to none.
   */
  #begin(response: ClipResponse): void {
    this.reply.hijack()
    const { raw } = this.reply
    const { status, headers } = withOrigin(response, this.request, this.options)
    // A hijacked reply would lose the headers that other parts of the app have set.
    for (const [name, value] of Object.entries({ ...this.reply.getHeaders(), ...headers })) {
      if (value !== undefined) raw.setHeader(name, value)
    }
    raw.writeHead(status)
  }

  /** @throws ClipUnavailable RATE_LIMITED */
  #takeSlot({ principal }: ClipContent): (() => void) | null {
    const { slots = null } = this.options
    if (slots === null) return null
    const free = slots.take(principal || toClientKey(this.request.ip))
    if (free === null)
      throw new ClipUnavailable(
        'RATE_LIMITED',
        `You have ${slots.max} downloads at the same time, which is the limit. Retry when one has ended.`,
        {
          retryAfterMs: RETRY_SLOT_AFTER_MS,
        },
      )
    return free
  }

  #listen(content: ClipContent): DownloadListener {
    const { downloads, audit } = this.options
    const { ip: address, id: requestId } = this.request
    return {
      began: () => downloads?.began(),
      ended: (outcome, bytesSent) => {
        describeSpan({ 'clipgate.outcome': outcome, 'clipgate.bytes': bytesSent })
        downloads?.ended(outcome, bytesSent)
        audit?.downloaded({ content, outcome, bytesSent, address, requestId })
      },
    }
  }

  #answer(response: ClipResponse): FastifyReply {
    return answer(this.reply, withOrigin(response, this.request, this.options))
  }

  #refuse(error: unknown, deadline: AbortSignal): FastifyReply {
    const { raw } = this.reply
    // 1. The client disconnected.
    if (this.#left.signal.aborted) return this.reply.hijack()
    // 2. Nothing is sent yet.
    if (!raw.headersSent) return this.#answerError(error, deadline)
    // 3. The response has started: close the connection abnormally, so that no client takes a part for the whole.
    this.request.log.warn({ err: error }, 'a download was cut off')
    cutAnswer(raw)
    return this.reply
  }

  #answerError(error: unknown, deadline: AbortSignal): FastifyReply {
    if (isDeadline(error, deadline)) return this.#answer(toNotReadyResponse())
    const unavailable = toClipUnavailable(error)
    if (unavailable.reason === 'INTERNAL') this.request.log.error({ err: error }, 'a clip could not be opened')
    return this.#answer(toUnavailableResponse(unavailable))
  }
}

/** A time-out whose timer can be cleared. The timers of AbortSignal.timeout would add up to thousands for a busy player. */
class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(timeoutMs: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new DOMException('the clip took too long to start', 'TimeoutError')), timeoutMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

/** Replaces `access-control-allow-origin: *` for allowed origins, because `*` excludes credentials (Fetch, 3.3.5). */
function withOrigin(response: ClipResponse, request: FastifyRequest, { origins }: ClipRouteOptions): ClipResponse {
  const allowed = origins && toAllowedOrigin(request, origins())
  return allowed ? { ...response, headers: { ...response.headers, ...allowed } } : response
}

function answer(reply: FastifyReply, { status, headers, body }: ClipResponse): FastifyReply {
  reply.code(status).headers(headers)
  return body !== null && 'bytes' in body ? reply.send(body.bytes) : reply.send()
}

const NOT_A_DOWNLOAD: readonly unknown[] = [undefined, '0', 'false', 'no']

/** `?download`, `?download=1` and `?download=true`, for example. */
function isDownload(parameter: unknown): boolean {
  return !NOT_A_DOWNLOAD.includes(typeof parameter === 'string' ? parameter.toLowerCase() : parameter)
}

/** Whether the error is the deadline's own, or the AbortError of a call that the deadline aborted. */
function isDeadline(error: unknown, deadline: AbortSignal): boolean {
  if (!deadline.aborted) return false
  return error === deadline.reason || (typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError')
}
