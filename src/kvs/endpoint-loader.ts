import DataLoader from 'dataloader'
import type { EndpointDirectory, EndpointKey } from './ports.js'

export type EndpointLoader = DataLoader<EndpointKey, string, string>

/** The lookups of one GraphQL operation: batched and each made once, over what the process remembers. */
export function createEndpointLoader(directory: EndpointDirectory, signal: AbortSignal): EndpointLoader {
  return new DataLoader((keys) => directory.getMany(keys, signal), { cacheKeyFn: ({ api, streamArn }) => `${api} ${streamArn}` })
}
