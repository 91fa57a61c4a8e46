// oxlint-disable-next-line import/no-absolute-path -- the gateway serves it on the page's own origin
import { createCoatcheck } from '/bff/client.js'

/**
 * The gateway's client, one for the page. It knows who is signed in, in step with every other tab; its `fetch` proves that a call
 * comes from this page. The cookie travels by itself: nothing here ever sees it.
 */
export const coatcheck = createCoatcheck()
