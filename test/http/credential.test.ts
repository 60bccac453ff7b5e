import { expect, test } from '@jest/globals'
import { credentialOfInit } from '../../src/http/credential.js'

// As clients send it: graphql-ws and Apollo Client leave the name to the user, GraphiQL and genql send the headers of HTTP.
test.each([
  ['the documented member', { authorization: 'Bearer key' }, 'key'],
  ['the name as HTTP writes it', { Authorization: 'Bearer key' }, 'key'],
  ['the headers of HTTP', { headers: { Authorization: 'bearer key' } }, 'key'],
  ['the header of an API key', { 'X-API-Key': 'key' }, 'key'],
  ['no payload', undefined, null],
  ['a number', { authorization: 1 }, null],
  ['a list', { authorization: ['Bearer key'] }, null],
  ['headers that are no object', { headers: 'Bearer key' }, null],
  ['another scheme', { authorization: 'Basic key' }, null],
])('connection_init with %s', (_, payload, credential) => {
  expect(credentialOfInit(payload)).toBe(credential)
})
