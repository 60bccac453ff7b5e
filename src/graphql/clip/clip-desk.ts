import type { ClipService } from '../../delivery/clip-service.js'

/** What the resolvers ask of the clip service. */
export type ClipDesk = Pick<ClipService, 'validate' | 'request' | 'find' | 'renew'>
