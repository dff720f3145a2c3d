#!/usr/bin/env bash
# What the hardware registry knows of a platform, or of a compatible such as radxa,rock-5b.
source "$(dirname "$0")/lookup.sh"
REGISTERED=${REGISTERED:-rk3588-rock-5b}

http "$BASE/api/hardware/$REGISTERED/info" origin=="$ORIGIN"
# curl -G "$BASE/api/hardware/$REGISTERED/info" --data-urlencode origin="$ORIGIN"

#> {
#>   "hardware": "rk3588-rock-5b",
#>   "names": [ "rk3588-rock-5b", "... 2 more" ],
#>   "platforms": [
#>     {
#>       "id": "rock-5b",
#>       "type": "single_board_computer",
#>       "url": null,
#>       "details": null,
#>       "form_factor": "board",
#>       "vendor": { "id": "radxa", "type": "platform_vendor", "url": "https://radxa.com", "details": null },
#>       "processor": {
#>         "id": "rk3588",
#>         "type": "soc",
#>         "url": null,
#>         "details": null,
#>         "architecture": "arm64",
#>         "cores": 8,
#>         "max_clock_speed_mhz": 2400,
#>         "vendor": { "id": "rockchip", "type": "silicon_vendor", "url": "https://www.rock-chips.com", "details": null }
#>       },
#>       "system_module": null
#>     }
#>   ],
#>   "system_modules": [],
#>   "processors": [
#>     {
#>       "id": "rk3588",
#>       "type": "soc",
#>       "url": null,
#>       "details": null,
#>       "architecture": "arm64",
#>       "cores": 8,
#>       "max_clock_speed_mhz": 2400,
#>       "vendor": { "id": "rockchip", "type": "silicon_vendor", "url": "https://www.rock-chips.com", "details": null }
#>     }
#>   ]
#> }
