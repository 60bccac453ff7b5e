import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AcknowledgementParser } from '../../src/kvs/acknowledgement.js'

const WIRE = [
  '{"EventType":"BUFFERING","FragmentTimecode":1790000001021,"FragmentNumber":"91343852333181432392"}',
  '{"EventType":"IDLE"}',
  '{"EventType":"FUTURE","Anything":true}',
  '{"EventType":"ERROR","FragmentTimecode":5,"FragmentNumber":"1","ErrorCode":"a } in \\"it\\"","ErrorId":4006}',
].join('\r\n')

const EXPECTED = [
  { eventType: 'BUFFERING', fragmentTimecodeMs: 1_790_000_001_021, fragmentNumber: '91343852333181432392', errorId: null, errorCode: null },
  { eventType: 'IDLE', fragmentTimecodeMs: null, fragmentNumber: null, errorId: null, errorCode: null },
  { eventType: 'ERROR', fragmentTimecodeMs: 5, fragmentNumber: '1', errorId: 4006, errorCode: 'a } in "it"' },
]

describe('acknowledgements', () => {
  test('are parsed from chunks of any size', () => {
    const bytes = Buffer.from(WIRE)
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const parser = new AcknowledgementParser()
        const read = edges.slice(1).flatMap((edge, index) => parser.push(bytes.subarray(edges[index], edge)))
        expect(read).toEqual(EXPECTED)
      }),
    )
  })

  test('without an end are refused at a size limit', () => {
    const parser = new AcknowledgementParser()
    expect(() => {
      for (let count = 0; count < 100; count += 1) parser.push(Buffer.from(`{"EventType":"${'x'.repeat(100)}`))
    }).toThrow('an acknowledgement without an end')
  })

  test.each(['{nonsense}', '}', '[{}]'])('that are malformed are refused: %s', (text) => {
    expect(() => new AcknowledgementParser().push(Buffer.from(text))).toThrow('an acknowledgement that is not JSON')
  })

  test('with members of the wrong type lose those members', () => {
    const [read] = new AcknowledgementParser().push(
      Buffer.from('{"EventType":"ERROR","FragmentNumber":5,"FragmentTimecode":"5","ErrorId":1.5,"ErrorCode":[]}'),
    )
    expect(read).toEqual({ eventType: 'ERROR', fragmentTimecodeMs: null, fragmentNumber: null, errorId: null, errorCode: null })
  })
})
