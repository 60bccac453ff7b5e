import type { StreamSelector } from '../archive/stream-table.js'
import type { Operation } from '../wire/operation.js'
import { parseTaggedStream, refuseTagToken } from '../wire/tag-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

export const listTagsForStream: Operation<StreamSelector, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'ListTagsForStream',
  parse(input) {
    refuseTagToken(input)
    return parseTaggedStream(input)
  },
  run: (selector, { streams, tags }) => ({ NextToken: null, Tags: tags.list(getStream(streams, selector).id) }),
}
