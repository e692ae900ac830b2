// The log stays at its end as it grows, unless its reader has gone back.

const NEAR = 80; // Pixels from the end in which the page follows what comes.

export class Scroll {
  /** *button* leads to the end, and is there as long as the reader is elsewhere. */
  constructor(log, button) {
    [this.log, this.button] = [log, button];
    button.addEventListener("click", () => this.toEnd());
    log.addEventListener("scroll", () => this.showButton(), { passive: true });
  }

  get atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  showButton() {
    this.button.hidden = this.atEnd;
  }

  /** Change the page, and stay at the end if that is where the reader is. */
  following(change) {
    const follow = this.atEnd;
    change();
    if (follow) this.toEnd();
    this.showButton();
  }
}
