import { Access } from '../../src/auth/access.js'
import { Caller } from '../../src/auth/caller.js'
import { parseGrants } from '../../src/auth/grant.js'
import { ANONYMOUS, type Principal } from '../../src/auth/principal.js'
import type { Scope } from '../../src/auth/scope.js'
import { TaggedStreams } from '../../src/auth/tag-index.js'
import type { ClipService } from '../../src/delivery/clip-service.js'

const NEVER = new AbortController().signal

export function callerOf(principal: Principal = ANONYMOUS, signal: AbortSignal = NEVER): Caller {
  return new Caller({ principal, signal, requestId: 'test' })
}

export function principalWith(grants: readonly { readonly scopes: readonly Scope[]; readonly streams: readonly string[] }[]): Principal {
  return { ...ANONYMOUS, kind: 'API_KEY', id: 'abcdefghij', name: 'partner', grants: parseGrants(grants, 'grants') }
}

/** Decides by names and ARNs. No stream has a tag. */
export function untaggedAccess(): Access {
  return new Access({ read: async () => new TaggedStreams(new Map()) })
}

/** The clip service as an anonymous caller uses it. */
export function anonymousClips(clips: ClipService) {
  const callerWith = (signal: AbortSignal) => callerOf(ANONYMOUS, signal)
  return {
    validate: (input: Parameters<ClipService['validate']>[0], options: { readonly probe: boolean }, signal: AbortSignal) =>
      clips.validate(input, options, callerWith(signal)),
    request: (input: Parameters<ClipService['request']>[0], signal: AbortSignal) => clips.request(input, callerWith(signal)),
    find: (id: string, signal: AbortSignal) => clips.find(id, callerWith(signal)),
    renew: (id: string, expiresInSeconds: number | null, signal: AbortSignal) => clips.renew(id, expiresInSeconds, callerWith(signal)),
    watch: (id: string, signal: AbortSignal) => clips.watch(id, callerWith(signal)),
    open: (token: string, signal: AbortSignal) => clips.open(token, signal),
    close: () => clips.close(),
  }
}
