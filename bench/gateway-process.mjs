// The gateway of `clipgate serve` without the embedded KVS beside it in the process, so that each can be measured by itself.
import '../dist/cli/process-settings.js'
import { loadSettings } from '../dist/config/load-settings.js'
import { buildGateway } from '../dist/gateway.js'

const [kvsUrl] = process.argv.slice(2)
const { config, secrets } = await loadSettings()
const gateway = await buildGateway(config, secrets, { embeddedKvsUrl: kvsUrl })
console.log(await gateway.listen())
process.once('SIGTERM', () => gateway.close())
