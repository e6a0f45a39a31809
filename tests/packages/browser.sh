# The tracker as a browser meets it: pages, forms with their hidden fields, cookies.

jar=$work/cookies

# The address of the tracker, whose certificate it made itself.
browse() {
    curl --silent --show-error --fail --insecure --max-time 20 --noproxy '*' \
        --cookie "$jar" --cookie-jar "$jar" --resolve "$tracker_host:443:$tracker_address" "$@"
}

page() {
    browse "https://$tracker_host$1"
}

# Sends a form: page, action, field=value... The hidden fields are those of the first form with this
# action; an empty action is the form that has none.
submit() {
    local at=$1 action=$2 html target form fields=()
    shift 2
    html=$(page "$at" | tr '\n' ' ')
    if [[ -n $action ]]; then
        form=$(grep -oE "<form[^>]*action=\"[^\"]*$action\"[^>]*>.*" <<<"$html" | sed 's/<\/form>.*//')
        target=$(sed -E 's/^<form[^>]*action="([^"]*)".*/\1/; s/&#x2f;/\//g' <<<"$form")
    else
        form=$(grep -oE '<form.*' <<<"$html" | sed 's/<\/form>.*//')
        target=$at
    fi
    [[ -n $form ]] || { say "no form $action on $at"; return 1; }
    local name
    for name in csrf form back seen mode; do
        local value
        value=$(grep -oE "<input type=\"hidden\" name=\"$name\" value=\"[^\"]*\"" <<<"$form" | sed -n 1p |
            sed -E 's/.*value="([^"]*)"/\1/; s/&#x2f;/\//g; s/&amp;/\&/g') || true
        [[ -z $value ]] || fields+=(--data-urlencode "$name=$value")
    done
    local field
    for field in "$@"; do fields+=(--data-urlencode "$field"); done
    browse --output /dev/null --write-out '%{http_code}\n' --header "Origin: https://$tracker_host" \
        --header 'Sec-Fetch-Site: same-origin' "${fields[@]}" "https://$tracker_host$target"
}
