import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Coatcheck } from './create-coatcheck.ts'
import { type Session, UNKNOWN } from './session.ts'

/** Hands the client down to the hooks: `<CoatcheckContext value={coatcheck}>` around the application. */
export const CoatcheckContext = createContext<Coatcheck | undefined>(undefined)

/** The client of the nearest `CoatcheckContext`; throws where there is none. */
export function useCoatcheck(): Coatcheck {
  const coatcheck = useContext(CoatcheckContext)
  if (!coatcheck) throw new Error('useCoatcheck and useSession work below <CoatcheckContext value={coatcheck}> only.')
  return coatcheck
}

/** Who is signed in; renders again with every change. Where pages are rendered on a server it is `unknown`. */
export function useSession(): Session {
  const { session } = useCoatcheck()
  return useSyncExternalStore(
    session.subscribe,
    () => session.current,
    () => UNKNOWN,
  )
}
