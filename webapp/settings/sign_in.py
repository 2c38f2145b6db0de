"""Who may sign in, and how: passwords, second factors, sessions, lock-out."""

from datetime import timedelta

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Length and no list of guesses, as NIST SP 800-63B has it: no rule about capitals, digits or signs.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.sign_in.passwords.LengthValidator"},
    {"NAME": "accounts.sign_in.passwords.NotCommonValidator"},
    {"NAME": "accounts.sign_in.passwords.ContextWordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.sign_in.adapter.SignInAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"  # for a change of address; at sign-in the adapter asks nobody for it
# Whoever asks for a new password gets the same answer after the same work, and the address a letter either way.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Lobule] "
ACCOUNT_EMAIL_NOTIFICATIONS = True
# A new address counts when the code sent to it has been typed in; until then the old one stays.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_SESSION_REMEMBER = False
PASSWORD_RESET_TIMEOUT = 3 * 3600
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# A hospital's people share an address: the lock-out below slows guessing, these keep the site standing. Everything
# counts by the minute, but for guesses at one name from everywhere together.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "20/15m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# A session ends after so many seconds without an act of its person, and so many after sign-in whatever is done.
SESSION_IDLE_SECONDS = 15 * 60
SESSION_ABSOLUTE_SECONDS = 12 * 3600
SESSION_WARNING_SECONDS = 2 * 60
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS

# A dangerous act needs a sign-in of the last five minutes.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True

# Second factors: nobody reaches a patient's data without one. Only the demo's settings, which hold no patients' data,
# relax this; no environment variable does.
MFA_REQUIRED = True
MFA_ADAPTER = "accounts.sign_in.factor_adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.sign_in.forms.AuthenticateForm",
    "reauthenticate": "accounts.sign_in.forms.ReauthenticateForm",
    "activate_totp": "accounts.sign_in.forms.ActivateAppForm",
    "add_webauthn": "accounts.sign_in.forms.AddPasskeyForm",
    "authenticate_webauthn": "accounts.sign_in.forms.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "accounts.sign_in.forms.ReauthenticatePasskeyForm",
    "login_webauthn": "accounts.sign_in.forms.LoginPasskeyForm",
}
MFA_TOTP_TOLERANCE = 1  # clocks differ: the code before and the code after are good as well
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Sign-up is closed and administrators make the accounts, so that nobody occupies somebody else's address.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMER_ENCRYPTION_KEYS: list[str] = []

# Lock-out: of one person from one address, so that a colleague behind the same address can still sign in.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "accounts.sign_in.lock_out.name_of"
AXES_CLIENT_IP_CALLABLE = "accounts.sign_in.client_address.client_address"
AXES_LOCKOUT_CALLABLE = "accounts.sign_in.lock_out.answer"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else whoever keeps knocking keeps the owner out for ever
AXES_DISABLE_ACCESS_LOG = True  # the audit trail is that log
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# What axes would otherwise keep of a failed form.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login", "email", "password", "code", "credential"]

# Proxies of ours in front, each adding the address it was called from to X-Forwarded-For.
PROXY_COUNT = 0

# Single sign-on with an institution's own service
SOCIALACCOUNT_ADAPTER = "accounts.sso.adapter.InstitutionSignIn"
SOCIALACCOUNT_LOGIN_ON_GET = True  # what comes back must carry the session's state, so a plain link is enough
SOCIALACCOUNT_STORE_TOKENS = False
SSO_ALLOW_LOCAL = False
