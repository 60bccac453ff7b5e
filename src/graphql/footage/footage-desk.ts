import type { FootageService } from '../../footage/footage-service.js'

/** What the resolvers ask about footage. */
export type FootageDesk = Pick<FootageService, 'coverage' | 'media'>
