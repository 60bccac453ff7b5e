import type { Caller } from '../../src/auth/caller.js'
import type { ClipService } from '../../src/delivery/clip-service.js'
import type { ClipContent } from '../../src/delivery/serve/clip-content.js'
import { ClipUnavailable } from '../../src/delivery/serve/clip-unavailable.js'
import type { Clip, ClipAnswer, ClipInput, ClipValidation } from '../../src/domain/clip.js'

export const FAKE_CLIP_ID = 'clip-0123456789'
const RANGE = { startMs: 1_700_000_100_000, endMs: 1_700_000_160_000 }

export const fakeClip: Clip = {
  id: FAKE_CLIP_ID,
  state: 'READY',
  form: 'PASSTHROUGH',
  streamArn: 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/camera-01/1700000000000',
  downloadUrl: 'http://127.0.0.1:4000/clips/token/camera-01.mp4',
  expiresAtMs: 1_700_001_000_000,
  fileName: 'camera-01.mp4',
  contentType: 'video/mp4',
  requested: RANGE,
  delivered: RANGE,
  truncated: false,
  gaps: [],
  timeline: [{ mediaStartMs: 0, range: RANGE }],
  fragmentCount: 30,
  sizeBytes: 5_000_000_000,
  durationMs: 60_000,
  progress: 1,
  etag: '"abc"',
  failure: null,
}

/** Answers every request with the same clip, after throwing `failures` in order. Records its requests. */
export class FakeClips implements Pick<ClipService, 'validate' | 'request' | 'find' | 'renew' | 'revokeUrls' | 'open' | 'watch'> {
  readonly inputs: ClipInput[] = []
  readonly signals: AbortSignal[] = []
  failures: (Error | null)[] = []
  /** The result of each request. */
  clip: Clip = fakeClip
  /** Requests resolve only after their signal aborts. */
  isStalled = false

  async validate(input: ClipInput): Promise<ClipValidation> {
    this.inputs.push(input)
    return { valid: true, issues: [], plan: null }
  }

  async request(input: ClipInput, { signal }: Caller): Promise<ClipAnswer> {
    this.inputs.push(input)
    this.signals.push(signal)
    const failure = this.failures.shift()
    if (failure) throw failure
    if (this.isStalled) await untilAborted(signal)
    return { clip: this.clip, issues: [] }
  }

  async find(id: string): Promise<Clip | null> {
    return id === FAKE_CLIP_ID ? fakeClip : null
  }

  async renew(id: string): Promise<ClipAnswer | null> {
    return id === FAKE_CLIP_ID ? { clip: fakeClip, issues: [] } : null
  }

  async revokeUrls(): Promise<number> {
    return 1_700_000_000_000
  }

  /** A watcher sees these, then nothing until its signal aborts. `liveWatchers` counts the watchers that have not been released. */
  states: Clip[] = [{ ...fakeClip, state: 'FETCHING', progress: 0.5, sizeBytes: null }]
  liveWatchers = 0

  async watch(id: string, { signal }: Caller): Promise<AsyncGenerator<Clip> | null> {
    return id === FAKE_CLIP_ID ? this.#watch(signal) : null
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<Clip> {
    this.liveWatchers += 1
    this.signals.push(signal)
    try {
      yield* this.states
      const failure = this.failures.shift()
      if (failure) throw failure
      if (this.states.at(-1)?.state === 'FETCHING') await untilAborted(signal)
    } finally {
      this.liveWatchers -= 1
    }
  }

  async open(_token: string, _signal: AbortSignal): Promise<ClipContent> {
    throw new ClipUnavailable('BAD_TOKEN', 'This is no clip of this gateway.')
  }
}

/** The Error of jest's realm is not the base class of Node's DOMException. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(Object.assign(new Error(signal.reason.message), { name: signal.reason.name })), {
      once: true,
    }),
  )
}
