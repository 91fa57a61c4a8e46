import { html, page, type Markup } from './page.ts'
import { initialsOf, PEOPLE, type Person } from './people.ts'

interface SignIn {
  /** Where the answer is posted to. */
  readonly action: string
  /** The app that asks, as people know it. */
  readonly app: string
}

/** Offers the demo people to click, and a way back. */
export function signInPage({ action, app }: SignIn): string {
  return page({
    title: 'Sign in',
    main: html` <h1>Who is coming in?</h1>
      <p class="about">Pick somebody to sign in to <strong>${app}</strong>. No password is asked.</p>
      <form method="post" action="${action}">
        <ul class="people">
          ${PEOPLE.map(choice)}
        </ul>
        <p class="small">The app will learn their name, e-mail address and role.</p>
        <p class="back"><button class="button is-plain" type="submit" name="deed" value="cancel">Cancel and go back</button></p>
      </form>`,
  })
}

function choice(person: Person): Markup {
  return html` <li>
    <button class="person" type="submit" name="person" value="${person.id}">
      <span class="avatar" aria-hidden="true">${initialsOf(person)}</span>
      <span class="who"
        ><span class="visually-hidden">Sign in as </span><b>${person.name}</b><span class="visually-hidden">, </span
        ><span>${person.about}</span></span
      >
      <svg
        viewBox="0 0 20 20"
        width="20"
        height="20"
        aria-hidden="true"
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      >
        <path d="m7.5 4.5 5.5 5.5-5.5 5.5" />
      </svg>
    </button>
  </li>`
}
