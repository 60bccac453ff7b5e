import type { Access } from '../../auth/access.js'
import type { Caller } from '../../auth/caller.js'
import type { UrlRevocations } from '../../auth/url-revocations.js'
import { GatewayError } from '../../domain/errors.js'
import type { EpochMs } from '../../lib/clock.js'
import type { ClipAddresses } from './clip-addresses.js'
import { toClipKey } from './clip-spec.js'

/** Exactly one of the two. */
export interface RevocationTarget {
  readonly clipId: string | null
  /** The ID of an API key, or ISSUER#SUBJECT. */
  readonly principal: string | null
}

export interface RevocationSources {
  readonly access: Access
  readonly addresses: ClipAddresses
  readonly revocations: UrlRevocations
}

/** Longer than any issuer and subject. */
const MAX_PRINCIPAL_CHARACTERS = 2048

/**
 * Ends the URLs of a clip, or the URLs that a principal was given. Only for streams that the caller's grants with clips:revoke cover. Returns the
 * time before which the ended URLs were issued. @throws GatewayError
 */
export async function revokeClipUrls(
  { access, addresses, revocations }: RevocationSources,
  { clipId, principal }: RevocationTarget,
  caller: Caller,
): Promise<EpochMs> {
  const judge = await access.judge('clips:revoke', caller)
  if ((clipId === null) === (principal === null)) {
    const given = clipId === null ? 'neither' : 'both'
    throw new GatewayError('BAD_USER_INPUT', `Give exactly one of clipId and principal, not ${given}.`)
  }
  if (clipId !== null) {
    const named = addresses.find(clipId)
    if (named === null || !judge.sees(named.spec.streamArn)) throw new GatewayError('NOT_FOUND', 'There is no clip with this id.')
    return revocations.revokeClip(toClipKey(named.spec))
  }
  if (principal === null || principal === '' || principal.length > MAX_PRINCIPAL_CHARACTERS)
    throw new GatewayError('BAD_USER_INPUT', `principal must have 1 to ${MAX_PRINCIPAL_CHARACTERS} characters.`)
  return revocations.revokePrincipal(principal, await access.listPatterns('clips:revoke', caller))
}
